# A module of relays and contacts made of a library that is not ours. It prints its port, then each
# coil and input that changes; a line "N 0|1" on standard input sets discrete input N.
import asyncio, sys
from pymodbus.datastore import ModbusSlaveContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer


class Coils(ModbusSequentialDataBlock):
    def setValues(self, address, values):
        values = values if isinstance(values, list) else [values]
        print("coil", address - 1, int(bool(values[0])), flush=True)
        return super().setValues(address, values)


async def main():
    inputs = ModbusSequentialDataBlock(1, [0] * 64)
    device = ModbusSlaveContext(di=inputs, co=Coils(1, [0] * 64))
    context = ModbusServerContext(slaves=device, single=True)
    framer = FramerType.RTU if sys.argv[1] == "rtu" else FramerType.SOCKET
    server = ModbusTcpServer(context, framer=framer, address=("127.0.0.1", 0))
    await server.listen()
    print("port", server.transport.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        number, on = line.split()
        inputs.setValues(int(number) + 1, [bool(int(on))])


asyncio.run(main())
