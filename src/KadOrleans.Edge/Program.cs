using KadOrleans.Edge;
using KadOrleans.Edge.Transfer;

return await EdgeCommand.RunAsync(args, TransferIo.FromConsole());
