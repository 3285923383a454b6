namespace KadOrleans.Lab;

/// <summary>Throws away what is sent and counts it: the engine without a network.</summary>
public sealed class CountingTransport : IDatagramTransport
{
    /// <summary>Datagrams sent since the beginning.</summary>
    public long Sent { get; private set; }

    /// <summary>The length of the last one in bytes.</summary>
    public int LastLength { get; private set; }

    public byte[]? FirstRequest { get; private set; }

    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; } = [UdpEndpoint.Parse("127.0.0.1:8468")];

    public void Start(IDatagramReceiver receiver)
    {
        // Datagrams are handed to the receiver directly.
    }

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        Sent++;
        LastLength = datagram.Length;
        if (FirstRequest is null && datagram[0] == (byte)DatagramKind.Request)
        {
            FirstRequest = datagram.ToArray();
        }

        return true;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
