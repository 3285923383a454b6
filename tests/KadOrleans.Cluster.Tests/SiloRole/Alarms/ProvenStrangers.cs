using System.Net.Sockets;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Nodes that a node has never heard of, each at an address of its own, which introduce themselves and answer its ping.</summary>
internal sealed class ProvenStrangers(IPEndPoint node)
{
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 32 };

    // A ping that is not due keeps nobody waiting.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly CryptographicRandomSource _random = new();
    private int _count;

    public async Task ComeAsync(int count)
    {
        await Parallel.ForEachAsync(Enumerable.Range(_count, count), AtOnce, async (number, _) =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(new IPAddress([127, 1, (byte)(number / 250), (byte)((number % 250) + 1)]), 0));
            await AskAsync(socket, NodeId.Random(_random));
        });
        _count += count;
    }

    /// <summary>Asks for contacts, which is answered at length only to those who answer a ping first.</summary>
    private async Task AskAsync(Socket socket, NodeId own)
    {
        var buffer = new byte[Datagram.MaxLength];
        var request = RequestWriter.Write(buffer, MessageId.Random(_random), RequestKind.FindNode, own, NodeId.Random(_random));
        socket.SendTo(buffer.AsSpan(0, request), node);
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            while (true)
            {
                var length = await socket.ReceiveAsync(buffer, SocketFlags.None, deadline.Token);
                if (Datagram.TryReadHeader(buffer.AsSpan(0, length), out var kind, out var id, out _) && kind == DatagramKind.Request)
                {
                    socket.SendTo(buffer.AsSpan(0, ResponseWriter.WritePong(buffer, id, own)), node);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Not pinged.
        }
    }
}
