using System.Net;

namespace KadOrleans.Grains;

/// <summary>
/// Has a silo declared dead once nothing listens at its address any more: its process has ended. By itself Orleans waits for three probes in a
/// row, some 3 s, as it cannot tell an end from a silo that hangs. Two silos have to see it, as a firewall may refuse the connections of
/// one, and neither may get an answer over a connection that stands; where there are but two, the other one decides, as with Orleans'
/// votes. A silo that is taken for dead and lives loses nothing: storage fences its shards, and it ends.
/// </summary>
internal sealed class EndedSilos(
    IClusterMembershipService membership,
    ILocalSiloDetails own,
    RefusesConnections refuses,
    AskClock call,
    AskWitness ask,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<EndedSilos> logger)
{
    /// <summary>A process that listens does not refuse this many in a row.</summary>
    public const int Attempts = 3;

    /// <summary>Silos that decide about one, so that not all of a large cluster read and write its table at once.</summary>
    public const int MaxDeciders = 8;

    /// <summary>Silos that each of them asks.</summary>
    public const int MaxWitnesses = 4;

    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    /// <summary>How long a silo that lives may take for an answer over a connection that stands, and storage for the table of members.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    // Guards both.
    private readonly Lock _gate = new();
    private readonly HashSet<SiloAddress> _deciding = [];
    private readonly Dictionary<SiloAddress, Task<bool>> _looks = [];

    /// <summary>
    /// A connection to or from a silo has ended. Of one that the other side had made only the address counts: several silos may have it.
    /// What is begun never fails.
    /// </summary>
    public Task NoteEnd(EndPoint? endpoint, bool isInbound)
    {
        if (endpoint is not IPEndPoint at)
        {
            return Task.CompletedTask;
        }

        var address = Unmapped(at.Address);
        return Task.WhenAll(Active()
            .Where(silo => !silo.Equals(own.SiloAddress) && Unmapped(silo.Endpoint.Address).Equals(address) && (isInbound || silo.Endpoint.Port == at.Port))
            .Select(DecideAsync));
    }

    /// <summary>Whether an active member of the cluster has ended, as seen from here. Those who ask meanwhile share one look.</summary>
    public Task<bool> HasEndedAsync(SiloAddress silo)
    {
        lock (_gate)
        {
            if (!IsActive(silo))
            {
                return Task.FromResult(false);
            }

            if (!_looks.TryGetValue(silo, out var look) || look.IsCompleted)
            {
                _looks[silo] = look = LookAsync(silo);
            }

            return look;
        }
    }

    private async Task<bool> LookAsync(SiloAddress silo)
    {
        // So that no answer comes while the lock is held.
        await Task.Yield();
        try
        {
            var answer = AnswersAsync(silo);
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (attempt > 0)
                {
                    await Task.Delay(Pause, time);
                }

                if (!IsActive(silo) || !await refuses(silo.Endpoint))
                {
                    return false;
                }
            }

            return !await answer;
        }
        finally
        {
            lock (_gate)
            {
                _looks.Remove(silo);
            }
        }
    }

    private async Task DecideAsync(SiloAddress silo)
    {
        lock (_gate)
        {
            if (!_deciding.Add(silo))
            {
                return;
            }
        }

        try
        {
            // A process that ends may close its connections before the socket that listens: with a core dump much earlier.
            if (!Near(silo).Append(own.SiloAddress).Order(new ByNearness(silo)).Take(MaxDeciders).Contains(own.SiloAddress)
                || !(await IsRefusedAfterAsync(Pause, silo) || await IsRefusedAfterAsync(2 * Patience, silo)))
            {
                return;
            }

            // They look while this silo looks.
            var seen = HaveSeenAsync(silo);
            if (!await HasEndedAsync(silo) || !await seen)
            {
                return;
            }

            // Orleans tries for ever to declare dead what it was told to, so not while storage is away, nor what lives again by then.
            await membership.Refresh().AsTask().WaitAsync(Patience, time);
            if (IsActive(silo) && await refuses(silo.Endpoint))
            {
                logger.SiloEnded(silo);
                await membership.TryKill(silo);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            logger.EndNotDeclared(silo, e.Message);
        }
        finally
        {
            lock (_gate)
            {
                _deciding.Remove(silo);
            }
        }
    }

    private async Task<bool> IsRefusedAfterAsync(TimeSpan delay, SiloAddress silo)
    {
        await Task.Delay(delay, time);
        return IsActive(silo) && await refuses(silo.Endpoint);
    }

    private async Task<bool> AnswersAsync(SiloAddress silo)
    {
        try
        {
            await call(silo).WaitAsync(Patience, time);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false;
        }
    }

    private async Task<bool> HaveSeenAsync(SiloAddress silo)
    {
        var others = Near(silo).Take(MaxWitnesses).ToList();
        if (others.Count == 0)
        {
            return true;
        }

        await foreach (var answer in Task.WhenEach(others.Select(other => AsksAsync(other, silo))))
        {
            if (await answer)
            {
                return true;
            }
        }

        return false;
    }

    // A silo that has ended too, or of a build that does not know the call, has seen nothing.
    private async Task<bool> AsksAsync(SiloAddress witness, SiloAddress silo)
    {
        try
        {
            return await ask(witness, silo);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            logger.WitnessSilent(witness, silo, e.Message);
            return false;
        }
    }

    // The other active members, in an order of each silo's own, the same on all.
    private IEnumerable<SiloAddress> Near(SiloAddress silo) => Active()
        .Where(member => !member.Equals(silo) && !member.Equals(own.SiloAddress))
        .Order(new ByNearness(silo));

    private IEnumerable<SiloAddress> Active() => membership.CurrentSnapshot.Members.Values
        .Where(member => member.Status == SiloStatus.Active)
        .Select(member => member.SiloAddress);

    private bool IsActive(SiloAddress silo) =>
        !silo.Equals(own.SiloAddress) && membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Active;

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private sealed class ByNearness(SiloAddress silo) : IComparer<SiloAddress>
    {
        public int Compare(SiloAddress? x, SiloAddress? y)
        {
            var order = Hash(x!).CompareTo(Hash(y!));
            return order != 0 ? order : x!.CompareTo(y);
        }

        private uint Hash(SiloAddress other) => (uint)(other.GetConsistentHashCode() ^ silo.GetConsistentHashCode());
    }
}

/// <summary>Whether a connection to an address is refused, because nothing listens there. False if it is made, or nobody answers.</summary>
internal delegate Task<bool> RefusesConnections(IPEndPoint endpoint);

/// <summary>Asks a silo whether another one has ended.</summary>
internal delegate Task<bool> AskWitness(SiloAddress witness, SiloAddress silo);
