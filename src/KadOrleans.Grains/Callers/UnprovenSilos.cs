using System.Collections.Concurrent;

namespace KadOrleans.Grains;

// Whether silos run that give no proof with their calls: of a build of before proofs, or still without a key, during a roll. While there is
// one, calls that are named as a silo's pass. Each silo's manifest, which the silos exchange, says whether it gives proofs.
internal sealed class UnprovenSilos(
    IServiceProvider services, CallerProofs proofs, [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time)
{
    // An unproven call has the table of members read at most so often, as whoever reaches a gateway can make such calls.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    // How long a call waits for the table and for the manifest of a silo that joins.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The grains that may have a call that waits, or had one within <see cref="WaitPause"/>.</summary>
    public const int MostWaits = 16;

    /// <summary>How long after a call of a grain has waited another one may: a grain that is not reentrant takes no call meanwhile.</summary>
    public static readonly TimeSpan WaitPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<SiloAddress, bool> _gives = new();

    // Guards the fields below: the grains with a call that waits (null) or waited until a time, the look that was begun last and when, and
    // the one that is to begin.
    private readonly Lock _gate = new();
    private readonly Dictionary<GrainId, long?> _waits = [];
    private Task _last = Task.CompletedTask;
    private long? _lookedAt;
    private Task? _next;

    /// <summary>
    /// Whether such silos run, for a call of a grain. It waits for a look of its own if it may. Otherwise what is known decides, and the look
    /// lets later calls pass.
    /// </summary>
    public async ValueTask<bool> ExistAsync(GrainId target)
    {
        // Without a key no other silo can join.
        if (!proofs.HasKey || Exist())
        {
            return proofs.HasKey;
        }

        var look = LookFromNowAsync();
        if (!TryBeginWait(target))
        {
            return false;
        }

        await look;
        EndWait(target);
        return Exist();
    }

    private bool TryBeginWait(GrainId target)
    {
        lock (_gate)
        {
            foreach (var (grain, _) in _waits.Where(wait => wait.Value is { } end && time.GetElapsedTime(end) >= WaitPause))
            {
                _waits.Remove(grain);
            }

            return _waits.Count < MostWaits && _waits.TryAdd(target, null);
        }
    }

    private void EndWait(GrainId target)
    {
        lock (_gate)
        {
            _waits[target] = time.GetTimestamp();
        }
    }

    private bool Exist()
    {
        var members = services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members;
        var manifests = services.GetRequiredService<IClusterManifestProvider>().Current.Silos;
        foreach (var known in _gives.Keys.Where(silo => !members.TryGetValue(silo, out var member) || member.Status == SiloStatus.Dead))
        {
            _gives.TryRemove(known, out _);
        }

        foreach (var member in members.Values.Where(member => member.Status is not SiloStatus.Dead))
        {
            // Remembered, as the manifest of a silo that leaves is dropped before its last call.
            if (!_gives.ContainsKey(member.SiloAddress) && manifests.TryGetValue(member.SiloAddress, out var manifest))
            {
                _gives[member.SiloAddress] = ProofMark.IsIn(manifest);
            }
        }

        return _gives.Values.Contains(false);
    }

    // A look that begins after this call, which all share who call before it begins. One that runs already may have read the table before the
    // caller's silo was in it.
    private Task LookFromNowAsync()
    {
        lock (_gate)
        {
            // Not within the grain that is called.
            return _next ??= Task.Run(LookNextAsync);
        }
    }

    private async Task LookNextAsync()
    {
        await _last;
        if (_lookedAt is { } at && Interval - time.GetElapsedTime(at) is { Ticks: > 0 } pause)
        {
            await Task.Delay(pause, time);
        }

        lock (_gate)
        {
            (_last, _lookedAt, _next) = (_next!, time.GetTimestamp(), null);
        }

        await LookAsync();
    }

    private async Task LookAsync()
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            var membership = services.GetRequiredService<IClusterMembershipService>();
            await membership.Refresh().AsTask().WaitAsync(limit.Token);
            var active = membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress).ToArray();
            await foreach (var manifest in services.GetRequiredService<IClusterManifestProvider>().Updates.WithCancellation(limit.Token))
            {
                if (Array.TrueForAll(active, manifest.Silos.ContainsKey))
                {
                    return;
                }
            }
        }
        catch (Exception)
        {
            // What is known already decides.
        }
    }
}
