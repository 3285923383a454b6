using System.Collections.Concurrent;
using System.Net.Sockets;

namespace KadOrleans.Tests.Cli;

/// <summary>Sends STOREs to a node, as fast as it answers, and remembers which it said it had stored.</summary>
internal sealed class StoreLoad : IDisposable
{
    // Requests under way at once: enough to share transactions, few enough to lose none to full buffers.
    private const int Window = 64;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly SeededRandomSource _random = new(20_261_120);
    private readonly ConcurrentDictionary<MessageId, NodeId> _pending = new();
    private readonly ConcurrentDictionary<NodeId, byte> _acknowledged = new();
    private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StoreLoad(string node)
    {
        _socket.Connect(IPEndPoint.Parse(node));
    }

    public ICollection<NodeId> Acknowledged => _acknowledged.Keys;

    /// <summary>What is stored under a key.</summary>
    public static string ValueOf(NodeId key) => $"value of {key}";

    /// <summary>Sends until the socket closes; the result completes when <paramref name="count"/> are acknowledged.</summary>
    public async Task RunAsync(int count, CancellationToken cancellationToken)
    {
        var buffer = new byte[Datagram.MaxLength];
        for (var i = 0; i < Window; i++)
        {
            SendNext();
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var length = await _socket.ReceiveAsync(buffer, cancellationToken);
                Take(buffer.AsSpan(0, length));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The node is gone.
                return;
            }

            if (_acknowledged.Count >= count)
            {
                _enough.TrySetResult();
            }

            SendNext();
        }
    }

    public Task EnoughAsync() => _enough.Task.WaitAsync(TimeSpan.FromSeconds(60));

    public void Dispose() => _socket.Dispose();

    private void Take(ReadOnlySpan<byte> datagram)
    {
        if (Datagram.TryReadHeader(datagram, out var kind, out var id, out var body, out _)
            && kind == DatagramKind.Response
            && _pending.TryRemove(id, out var key)
            && ResponseReader.TryReadStored(body, out var stored)
            && stored)
        {
            _acknowledged.TryAdd(key, 0);
        }
    }

    private void SendNext()
    {
        Span<byte> buffer = stackalloc byte[512];
        var (id, key) = (MessageId.Random(_random), NodeId.Random(_random));
        var request = new StoreRequest(NodeId.MaxValue, key, DhtValue.FromString(ValueOf(key)));
        Assert.True(RequestWriter.TryWriteStore(buffer, id, request, out var length));
        _pending[id] = key;
        _socket.Send(buffer[..length]);
    }
}
