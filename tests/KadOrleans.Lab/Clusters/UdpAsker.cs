using System.Net.Sockets;

namespace KadOrleans.Lab;

/// <summary>
/// A client of one node, from 127.0.0.<c>source</c> if the node is on loopback, else from any address of this machine. It sends each request once; a
/// task ends with the answer, however late, or never.
/// </summary>
public sealed class UdpAsker(IPEndPoint node, byte source, bool answersPings = false)
    : ScriptedPeer(DhtNode.ClientId, new SocketTransport(UdpEndpoint.FromIPv4(IPAddress.IsLoopback(node.Address) ? 0x7F00_0000 + (uint)source : 0, 0)))
{
    private readonly CryptographicRandomSource _random = new();
    private readonly ConcurrentDictionary<MessageId, TaskCompletionSource<byte[]>> _waiting = new();
    private readonly UdpEndpoint _node = UdpEndpoint.FromIPAddress(node.Address, node.Port);

    public Task PingAsync() => AskAsync(id => Ping(_node, id));

    public Task FindNodeAsync() => AskAsync(id => FindNode(_node, id, NodeId.Random(_random)));

    /// <summary>FIND_VALUE; without content where contacts were answered.</summary>
    public async Task<DhtValue> FindValueAsync(NodeId key)
    {
        var body = await AskAsync(id => FindValue(_node, id, key));
        return ResponseReader.TryReadFindValue(body, [], out _, out var value) ? value : default;
    }

    /// <summary>STORE; whether it was acknowledged.</summary>
    public async Task<bool> StoreAsync(NodeId key, DhtValue value)
    {
        var body = await AskAsync(id => Store(_node, id, new StoreRequest(Id, key, value)));
        return ResponseReader.TryReadStored(body, out var stored) && stored;
    }

    private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer) =>
        answersPings && request.Kind == RequestKind.Ping ? ResponseWriter.WriteEmptyPong(answer, id) : 0;

    private protected override void OnResponse(MessageId id, ReadOnlySpan<byte> body)
    {
        if (_waiting.TryRemove(id, out var answer))
        {
            answer.TrySetResult(body.ToArray());
        }
    }

    private Task<byte[]> AskAsync(Action<MessageId> send)
    {
        var id = MessageId.Random(_random);
        var answer = _waiting[id] = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        send(id);
        return answer.Task;
    }
}

/// <summary>Waiting for an answer that may never come.</summary>
public static class AnswerWaiting
{
    /// <summary>The answer; the default where it does not come within a time.</summary>
    public static async Task<T?> WithinAsync<T>(this Task<T> answer, TimeSpan time)
    {
        try
        {
            return await answer.WaitAsync(time);
        }
        catch (TimeoutException)
        {
            return default;
        }
    }
}

/// <summary>One plain socket. It is not connected: a connected one fails while the other process is gone.</summary>
internal sealed class SocketTransport : IDatagramTransport
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Socket _socket;
    private Task _receiving = Task.CompletedTask;

    public SocketTransport(UdpEndpoint endpoint)
    {
        var address = endpoint.ToIPAddress();
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20 };
        _socket.Bind(new IPEndPoint(address, endpoint.Port));
        LocalEndpoints = [UdpEndpoint.FromIPAddress(address, ((IPEndPoint)_socket.LocalEndPoint!).Port)];
    }

    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; }

    public void Start(IDatagramReceiver receiver) => _receiving = Task.Run(() => ReceiveAsync(receiver));

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) =>
        _socket.SendTo(datagram, new IPEndPoint(destination.ToIPAddress(), destination.Port)) == datagram.Length;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _receiving;
        _socket.Dispose();
        _stopping.Dispose();
    }

    private async Task ReceiveAsync(IDatagramReceiver receiver)
    {
        var buffer = new byte[Datagram.MaxLength + 1];
        var any = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        try
        {
            while (true)
            {
                var result = await _socket.ReceiveFromAsync(buffer, any, _stopping.Token);
                var source = (IPEndPoint)result.RemoteEndPoint;
                receiver.Receive(buffer.AsSpan(0, result.ReceivedBytes), UdpEndpoint.FromIPAddress(source.Address, source.Port), this, TimeSpan.Zero);
            }
        }
        catch (OperationCanceledException)
        {
            // It is disposed of.
        }
    }
}
