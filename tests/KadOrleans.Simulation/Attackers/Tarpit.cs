using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Attackers;

/// <summary>Answers late, so that its asker takes it for slow. It may name one more of its kind.</summary>
/// <param name="id">Its id.</param>
/// <param name="transport">Its place on the network.</param>
/// <param name="clock">The time of its network.</param>
/// <param name="delay">How late.</param>
/// <param name="next">Whom it names; null for nobody.</param>
/// <param name="isPingLate">Whether pings are answered late too, rather than at once.</param>
public sealed class Tarpit(
    NodeId id, SimulatedTransport transport, ManualTimeProvider clock, TimeSpan delay, Contact? next = null, bool isPingLate = true)
    : AttackerPeer(id, transport)
{
    /// <inheritdoc/>
    private protected override void OnRequest(Request request, MessageId id, UdpEndpoint source)
    {
        if (request.Kind == RequestKind.Ping && !isPingLate)
        {
            base.OnRequest(request, id, source);
            return;
        }

        var answer = new byte[Datagram.MaxLength];
        clock.Schedule(new LateAnswer(this, answer.AsMemory(0, Answer(request, id, source, answer)), source), delay);
    }

    /// <inheritdoc/>
    protected override Contact[] Name(NodeId target) => next is { } named ? [named] : [];
}

/// <summary>A response that an attacker sends late.</summary>
internal sealed class LateAnswer(AttackerPeer peer, ReadOnlyMemory<byte> answer, UdpEndpoint destination) : ScheduledEvent
{
    public override void Fire() => peer.Send(answer.Span, destination);
}
