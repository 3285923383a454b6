using System.Net.Sockets;

namespace KadOrleans.Lab;

/// <summary>A client of one node. It sends each request once; a task ends with the answer, however late, or never.</summary>
public sealed class UdpAsker : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CryptographicRandomSource _random = new();
    private readonly ConcurrentDictionary<MessageId, TaskCompletionSource<byte[]>> _waiting = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly IPEndPoint _node;
    private readonly bool _answersPings;
    private readonly Task _receiving;

    public UdpAsker(IPEndPoint node, byte source, bool answersPings = false)
    {
        _node = node;
        _answersPings = answersPings;
        _socket.ReceiveBufferSize = 1 << 20;

        // Not connected: a connected socket fails when the node's process is gone for a while.
        _socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, source]), 0));
        _receiving = Task.Run(ReceiveAsync);
    }

    public Task PingAsync() => Ask((destination, id) => RequestWriter.Write(destination, id, RequestKind.Ping, DhtNode.ClientId));

    /// <summary>FIND_NODE of a random target.</summary>
    public Task FindNodeAsync()
    {
        var target = NodeId.Random(_random);
        return Ask((destination, id) => RequestWriter.Write(destination, id, RequestKind.FindNode, DhtNode.ClientId, target));
    }

    /// <summary>FIND_VALUE; without content where contacts were answered.</summary>
    public async Task<DhtValue> FindValueAsync(NodeId key)
    {
        var body = await Ask((destination, id) => RequestWriter.Write(destination, id, RequestKind.FindValue, DhtNode.ClientId, key));
        return ResponseReader.TryReadFindValue(body, [], out _, out var value) ? value : default;
    }

    /// <summary>STORE; whether it was acknowledged.</summary>
    public async Task<bool> StoreAsync(NodeId key, DhtValue value)
    {
        var body = await Ask((destination, id) =>
            RequestWriter.TryWriteStore(destination, id, new StoreRequest(DhtNode.ClientId, key, value), out var length) ? length : 0);
        return ResponseReader.TryReadStored(body, out var stored) && stored;
    }

    internal delegate int RequestWriting(Span<byte> destination, MessageId id);

    /// <summary>Sends a request once. The result is the answer's body; it may never complete.</summary>
    internal Task<byte[]> Ask(RequestWriting write)
    {
        Span<byte> buffer = stackalloc byte[1_024];
        var id = MessageId.Random(_random);
        var answer = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        _socket.SendTo(buffer[..write(buffer, id)], _node);
        return answer.Task;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _receiving;
        _socket.Dispose();
        _stopping.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[Datagram.MaxLength];
        while (true)
        {
            try
            {
                var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, _stopping.Token);
                Take(buffer.AsSpan(0, length));
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Take(ReadOnlySpan<byte> datagram)
    {
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body))
        {
            return;
        }

        if (kind == DatagramKind.Response && _waiting.TryRemove(id, out var answer))
        {
            answer.TrySetResult(body.ToArray());
        }
        else if (kind == DatagramKind.Request && _answersPings && Request.TryDecode(body, out var request) && request.Kind == RequestKind.Ping)
        {
            Span<byte> buffer = stackalloc byte[512];
            _socket.SendTo(buffer[..ResponseWriter.WriteEmptyPong(buffer, id)], _node);
        }
    }
}
