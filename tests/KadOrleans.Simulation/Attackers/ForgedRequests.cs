using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Attackers;

/// <summary>Writes requests as a flood sends them: under random ids, for random keys, with values of a few bytes.</summary>
/// <param name="random">Where ids, keys and values come from.</param>
public sealed class ForgedRequests(IRandomSource random)
{
    private static readonly RequestKind[] Kinds = Enum.GetValues<RequestKind>();

    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private int _next;

    /// <summary>A request of a kind, or of the next kind in turn. It is valid until the next call.</summary>
    internal ReadOnlySpan<byte> Next(RequestKind? kind) =>
        _buffer.AsSpan(0, Write(kind ?? Kinds[_next++ % Kinds.Length], MessageId.Random(random), NodeId.Random(random)));

    /// <summary>A STORE. It is valid until the next call.</summary>
    public ReadOnlySpan<byte> Store(NodeId key, DhtValue value, uint? secondsLeft = null) =>
        _buffer.AsSpan(0, WriteStore(MessageId.Random(random), NodeId.Random(random), key, value, secondsLeft));

    /// <summary>A FIND_VALUE. It is valid until the next call.</summary>
    public ReadOnlySpan<byte> FindValue(NodeId key) =>
        _buffer.AsSpan(0, RequestWriter.WriteFindValue(
            _buffer, MessageId.Random(random), new FindValueRequest(NodeId.Random(random), key)));

    private int Write(RequestKind kind, MessageId id, NodeId sender) => kind switch
    {
        RequestKind.Ping => RequestWriter.WritePing(_buffer, id, new PingRequest(sender)),
        RequestKind.Stun => RequestWriter.WriteStun(_buffer, id),
        RequestKind.FindNode => RequestWriter.WriteFindNode(_buffer, id, new FindNodeRequest(sender, NodeId.Random(random))),
        RequestKind.FindValue => RequestWriter.WriteFindValue(_buffer, id, new FindValueRequest(sender, NodeId.Random(random))),
        _ => WriteStore(id, sender, NodeId.Random(random), DhtValue.FromBoolean(false), null),
    };

    private int WriteStore(MessageId id, NodeId sender, NodeId key, DhtValue value, uint? secondsLeft) =>
        RequestWriter.TryWriteStore(_buffer, id, new StoreRequest(sender, key, value, secondsLeft), out var length)
            ? length
            : throw new ArgumentException($"A value of {value.ContentLength} bytes fits no STORE.", nameof(value));
}
