using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Attackers;

/// <summary>Answers FIND_VALUE for one key with a false value, and everything else by naming its accomplices.</summary>
public sealed class ValueLiar(
    NodeId id, SimulatedTransport transport, NodeId lieKey, DhtValue lie, uint? secondsLeft, IReadOnlyList<Contact> accomplices)
    : AttackerPeer(id, transport)
{
    /// <inheritdoc/>
    private protected override int AnswerFindValue(NodeId key, MessageId id, Span<byte> answer) => key == lieKey
        ? ResponseWriter.WriteValue(answer, id, lie, secondsLeft)
        : base.AnswerFindValue(key, id, answer);

    /// <inheritdoc/>
    protected override Contact[] Name(NodeId target) => [.. accomplices.Take(ResponseWriter.MaxContacts)];
}
