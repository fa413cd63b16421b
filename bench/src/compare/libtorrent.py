# make TORRENT FILE URL | seed TORRENT DIR ADDRESS | fetch TORRENT DIR ADDRESS
import os
import sys
import libtorrent as lt

role, torrent, path, where = sys.argv[1:5]

if role == "make":
    files = lt.file_storage()
    lt.add_files(files, path)
    made = lt.create_torrent(files, 1024 * 1024)
    made.add_tracker(where)
    lt.set_piece_hashes(made, os.path.dirname(path))
    with open(torrent, "wb") as out:
        out.write(lt.bencode(made.generate()))
    sys.exit()

session = lt.session({
    "listen_interfaces": where if role == "seed" else "0.0.0.0:0",
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_incoming_utp": False, "enable_outgoing_utp": False,
    "alert_mask": lt.alert.category_t.status_notification,
})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = path
params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
handle = session.add_torrent(params)
handle.replace_trackers([])
if role == "fetch":
    host, port = where.split(":")
    handle.connect_peer((host, int(port)))
while True:
    session.wait_for_alert(1000)
    if any(isinstance(alert, lt.torrent_finished_alert) for alert in session.pop_alerts()):
        print("complete", flush=True)
