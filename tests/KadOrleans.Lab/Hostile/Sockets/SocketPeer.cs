using System.Net.Sockets;

namespace KadOrleans.Lab;

/// <summary>A peer on a socket of its own, which counts what it receives and answers pings if it is told to.</summary>
internal sealed class SocketPeer : IDisposable
{
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly byte[] _answer = new byte[Datagram.MaxLength];
    private readonly Contact[] _contacts = new Contact[ResponseWriter.MaxContacts];
    private readonly IPEndPoint _any;
    private int _received;
    private long _receivedBytes;
    private int _mostContacts;
    private int _stored;
    private int _refused;

    public SocketPeer(UdpEndpoint endpoint)
    {
        var address = endpoint.ToIPAddress();
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(new IPEndPoint(address, endpoint.Port));
        _any = new IPEndPoint(endpoint.IsIPv4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
        _ = ReceiveAsync();
    }

    public NodeId Id { get; } = NodeId.Random(new CryptographicRandomSource());

    public bool AnswersPings { get; init; }

    public int Received => Volatile.Read(ref _received);

    public long ReceivedBytes => Interlocked.Read(ref _receivedBytes);

    public int MostContacts => Volatile.Read(ref _mostContacts);

    public int Stored => Volatile.Read(ref _stored);

    public int Refused => Volatile.Read(ref _refused);

    public string? Value { get; private set; }

    public void Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) =>
        _socket.SendTo(datagram, new IPEndPoint(destination.ToIPAddress(), destination.Port));

    public void Ping(UdpEndpoint destination) => Send(
        RequestBytes.Of(RequestKind.Ping, MessageId.Random(new CryptographicRandomSource()), new StoreRequest(Id, default, default)), destination);

    public void Dispose()
    {
        _stop.Cancel();
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[Datagram.MaxLength + 1];
        while (true)
        {
            try
            {
                var result = await _socket.ReceiveFromAsync(buffer, _any, _stop.Token);
                Take(buffer.AsSpan(0, result.ReceivedBytes), (IPEndPoint)result.RemoteEndPoint);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private void Take(ReadOnlySpan<byte> datagram, IPEndPoint source)
    {
        Interlocked.Increment(ref _received);
        Interlocked.Add(ref _receivedBytes, datagram.Length);
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body))
        {
            return;
        }

        if (kind == DatagramKind.Response)
        {
            TakeResponse(body);
        }
        else if (AnswersPings && Request.TryDecode(body, out var request) && request.Kind == RequestKind.Ping)
        {
            _socket.SendTo(_answer.AsSpan(0, ResponseWriter.WritePong(_answer, id, Id)), source);
        }
    }

    private void TakeResponse(ReadOnlySpan<byte> body)
    {
        if (ResponseReader.TryReadStored(body, out var stored))
        {
            Interlocked.Increment(ref stored ? ref _stored : ref _refused);
        }
        else if (ResponseReader.TryReadFindValue(body, _contacts, out var count, out var value))
        {
            Value = value.Kind == DhtValueKind.String ? value.AsString() : Value;
            Volatile.Write(ref _mostContacts, Math.Max(_mostContacts, count));
        }
    }
}
