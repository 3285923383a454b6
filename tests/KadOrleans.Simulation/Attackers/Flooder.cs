using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Attackers;

/// <summary>Sends requests under forged sources at a rate. Nothing that it draws comes back to it.</summary>
/// <param name="network">Where it sends.</param>
/// <param name="clock">The time of that network.</param>
/// <param name="random">Where sources, ids and keys come from.</param>
/// <param name="victim">To whom it sends.</param>
public sealed class Flooder(SimulatedNetwork network, ManualTimeProvider clock, SeededRandomSource random, UdpEndpoint victim)
{
    private static readonly TimeSpan Pulse = TimeSpan.FromMilliseconds(1);

    private readonly ForgedRequests _requests = new(random);

    /// <summary>Datagrams sent so far.</summary>
    public long Sent { get; private set; }

    /// <summary>The kind of request; null for all in turn.</summary>
    internal RequestKind? Kind { get; init; }

    /// <summary>The sources that requests seem to come from, in turn; null for a new one each time.</summary>
    public IReadOnlyList<UdpEndpoint>? Sources { get; init; }

    /// <summary>What is sent in place of random requests of <see cref="Kind"/>; null for those.</summary>
    public Func<ForgedRequests, ReadOnlyMemory<byte>>? Write { get; init; }

    /// <summary>Floods for a while.</summary>
    /// <param name="perSecond">Datagrams per second.</param>
    /// <param name="duration">For how long, in virtual time.</param>
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
