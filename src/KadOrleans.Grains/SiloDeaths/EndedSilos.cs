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

            if (!_looks.TryGetValue(silo, out var look))
            {
                _looks[silo] = look = LookAsync(silo);
            }

            return look;
        }
    }

    private async Task<bool> LookAsync(SiloAddress silo)
    {
        // So that it ends, and leaves the list, only after it is in it.
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
            if (!Nearest(silo, Others(silo).Append(own.SiloAddress)).Take(MaxDeciders).Contains(own.SiloAddress)
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
        var others = Nearest(silo, Others(silo)).Take(MaxWitnesses).ToList();
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

    // An order of each silo's own, the same on all.
    private static IEnumerable<SiloAddress> Nearest(SiloAddress silo, IEnumerable<SiloAddress> members) => members
        .OrderBy(member => (uint)(member.GetConsistentHashCode() ^ silo.GetConsistentHashCode()))
        .ThenBy(member => member);

    private IEnumerable<SiloAddress> Others(SiloAddress silo) => Active()
        .Where(member => !member.Equals(silo) && !member.Equals(own.SiloAddress));

    private IEnumerable<SiloAddress> Active() => membership.CurrentSnapshot.Members.Values
        .Where(member => member.Status == SiloStatus.Active)
        .Select(member => member.SiloAddress);

    private bool IsActive(SiloAddress silo) =>
        !silo.Equals(own.SiloAddress) && membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Active;

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
