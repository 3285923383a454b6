using System.Collections.Concurrent;
using System.Net;

namespace KadOrleans.Grains;

/// <summary>
/// Declares a silo dead once nothing listens at its address any more: its process has ended. By itself Orleans waits for three probes in a row,
/// some 3 s, as it cannot tell an end from a silo that hangs. Two silos have to see it, as a firewall may refuse the connections of one;
/// where there are but two, the other one decides, as with Orleans' votes. A silo that is taken for dead and lives loses nothing: storage
/// fences its shards, and it ends.
/// </summary>
internal sealed class EndedSilos(
    IClusterMembershipService membership,
    ILocalSiloDetails own,
    RefusesConnections refuses,
    AskWitness ask,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<EndedSilos> logger)
{
    /// <summary>A process that listens is not refused once in a row of these by chance.</summary>
    public const int Attempts = 3;

    /// <summary>Other silos that are asked, so that a large cluster does not all call at once.</summary>
    public const int MaxWitnesses = 4;

    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    private readonly ConcurrentDictionary<SiloAddress, Task> _looks = new();

    /// <summary>A connection that this silo had made, or tried to make, has ended. Returns at once; what is begun never fails.</summary>
    public Task NoteEnd(EndPoint? endpoint) =>
        ActiveAt(endpoint) is { } silo ? _looks.GetOrAdd(silo, LookAsync) : Task.CompletedTask;

    /// <summary>What this silo sees of another: whether each of some connections, one after the other, is refused. False of one that is no active member.</summary>
    public async Task<bool> HasEndedAsync(SiloAddress silo)
    {
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

        return true;
    }

    private async Task LookAsync(SiloAddress silo)
    {
        try
        {
            // A process that ends may close its connections before the socket that listens.
            await Task.Delay(Pause, time);
            if (!await refuses(silo.Endpoint))
            {
                return;
            }

            // They look while this silo looks.
            var seen = HaveSeenAsync(silo);
            if (await HasEndedAsync(silo) && await seen && IsActive(silo) && await membership.TryKill(silo))
            {
                logger.SiloEnded(silo);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Such as when storage is away. Orleans' probes go on.
            logger.EndNotDeclared(silo, e.Message);
        }
        finally
        {
            _looks.TryRemove(silo, out _);
        }
    }

    private async Task<bool> HaveSeenAsync(SiloAddress silo)
    {
        var others = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(silo) && !member.SiloAddress.Equals(own.SiloAddress))
            .Select(member => member.SiloAddress)
            .Order()
            .Take(MaxWitnesses)
            .ToList();
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

    private SiloAddress? ActiveAt(EndPoint? endpoint) => membership.CurrentSnapshot.Members.Values
        .FirstOrDefault(member => member.Status == SiloStatus.Active && member.SiloAddress.Endpoint.Equals(endpoint)
            && !member.SiloAddress.Equals(own.SiloAddress))?.SiloAddress;

    private bool IsActive(SiloAddress silo) =>
        !silo.Equals(own.SiloAddress) && membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Active;
}

/// <summary>Whether a connection to an address is refused, because nothing listens there. False if it is made, or nobody answers.</summary>
internal delegate Task<bool> RefusesConnections(IPEndPoint endpoint);

/// <summary>Asks a silo whether another one has ended.</summary>
internal delegate Task<bool> AskWitness(SiloAddress witness, SiloAddress silo);
