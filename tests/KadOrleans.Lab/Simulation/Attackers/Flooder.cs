namespace KadOrleans.Lab;

/// <summary>Sends requests under forged sources at a rate. Nothing that it draws comes back to it.</summary>
public sealed class Flooder(SimulatedNetwork network, ManualTimeProvider clock, SeededRandomSource random, UdpEndpoint victim)
{
    private static readonly TimeSpan Pulse = TimeSpan.FromMilliseconds(1);

    private readonly ForgedRequests _requests = new(random);

    public long Sent { get; private set; }

    /// <summary>The kind of request; null for all in turn.</summary>
    internal RequestKind? Kind { get; init; }

    /// <summary>The sources that requests seem to come from, in turn; null for a new one each time.</summary>
    public IReadOnlyList<UdpEndpoint>? Sources { get; init; }

    /// <summary>What is sent in place of random requests of <see cref="Kind"/>; null for those.</summary>
    public Func<ForgedRequests, ReadOnlyMemory<byte>>? Write { get; init; }

    public async Task RunAsync(int perSecond, TimeSpan duration)
    {
        var (begin, first) = (clock.Elapsed, Sent);
        while (clock.Elapsed - begin < duration)
        {
            await Task.Delay(Pulse, clock);
            var due = first + (long)((clock.Elapsed - begin).TotalSeconds * perSecond);
            while (Sent < due)
            {
                SendOne();
            }
        }
    }

    private void SendOne()
    {
        var source = Sources is null ? AttackerAddresses.Forged(random) : Sources[(int)(Sent % Sources.Count)];
        network.Forge(Write is null ? _requests.Next(Kind) : Write(_requests).Span, source, victim);
        Sent++;
    }
}

/// <summary>Writes requests as a flood sends them: under random ids, for random keys, with values of a few bytes.</summary>
public sealed class ForgedRequests(IRandomSource random)
{
    private static readonly RequestKind[] Kinds = Enum.GetValues<RequestKind>();

    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private int _next;

    /// <summary>A request of a kind, or of the next kind in turn. It is valid until the next call.</summary>
    internal ReadOnlySpan<byte> Next(RequestKind? kind)
    {
        var next = kind ?? Kinds[_next++ % Kinds.Length];
        var (id, sender) = (MessageId.Random(random), NodeId.Random(random));
        return Write(next, id, sender, next is RequestKind.Ping or RequestKind.Stun ? default : NodeId.Random(random), DhtValue.FromBoolean(false));
    }

    public ReadOnlySpan<byte> Store(NodeId key, DhtValue value, uint? secondsLeft = null) =>
        Write(RequestKind.Store, MessageId.Random(random), NodeId.Random(random), key, value, secondsLeft);

    internal ReadOnlySpan<byte> Store(NodeId key, DhtValue value, WriteToken token) =>
        Write(RequestKind.Store, MessageId.Bearing(token, isAuthored: true, random), NodeId.Random(random), key, value);

    public ReadOnlySpan<byte> FindValue(NodeId key) => Write(RequestKind.FindValue, MessageId.Random(random), NodeId.Random(random), key);

    private ReadOnlySpan<byte> Write(
        RequestKind kind, MessageId id, NodeId sender, NodeId key, DhtValue value = default, uint? secondsLeft = null) =>
        _buffer.AsSpan(0, RequestBytes.Write(_buffer, kind, id, new StoreRequest(sender, key, value, secondsLeft)));
}

/// <summary>A request of any kind as a node writes it: the sender, key and value are those of a STORE.</summary>
internal static class RequestBytes
{
    public static byte[] Of(RequestKind kind, MessageId id, in StoreRequest what, bool asksForToken = false)
    {
        var buffer = new byte[Datagram.MaxLength];
        return buffer[..Write(buffer, kind, id, what, asksForToken)];
    }

    public static int Write(Span<byte> destination, RequestKind kind, MessageId id, in StoreRequest what, bool asksForToken = false) =>
        kind != RequestKind.Store ? RequestWriter.Write(destination, id, kind, what.Sender, what.Key, asksForToken)
        : RequestWriter.TryWriteStore(destination, id, what, out var length) ? length
        : throw new ArgumentException($"A value of {what.Value.ContentLength} bytes fits no STORE.", nameof(what));
}
