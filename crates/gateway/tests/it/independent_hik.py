# A client of 海康's cameras that is not ours, against the camera at sys.argv[1].
import sys
from hikvisionapi import Client
from requests.exceptions import HTTPError

address, user, password = sys.argv[1:]

try:
    Client(address, user, "wrong").System.deviceInfo(method="get")
    print("wrong password: let in")
except HTTPError as error:
    print("wrong password:", error.response.status_code)

camera = Client(address, user, password)
print("serial:", camera.System.deviceInfo(method="get")["DeviceInfo"]["serialNumber"])
print("time zone:", camera.System.time(method="get")["Time"]["timeZone"])
gate = '<BarrierGate version="2.0"><ctrlMode>open</ctrlMode></BarrierGate>'
answer = camera.Parking.channels[1].barrierGate(method="put", data=gate)
print("gate:", answer["ResponseStatus"]["statusString"])
alerts = camera.Event.notification.alertStream(method="get", type="stream")
alert = (alerts[0] if isinstance(alerts, list) else alerts)["EventNotificationAlert"]
print("alert:", alert["eventType"], alert["eventState"])
