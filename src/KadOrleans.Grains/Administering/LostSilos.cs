namespace KadOrleans.Grains;

// Which silos are missing: those that the others declared dead, and in whose place none has started. A silo that starts takes the place of
// the one that ended at its address; if there is none, of the one that was lost first, as a new machine or pod has another address.
internal static class LostSilos
{
    /// <summary>How long one that nothing replaced counts as missing: after that the cluster is as its operator wants it.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>
    /// How long a silo gives signs of life, from its start on, before it counts as one that has served. Above what a start takes: one that
    /// ended before was refused, or was killed while it joined or soon after.
    /// </summary>
    public static readonly TimeSpan Start = TimeSpan.FromSeconds(30);

    public static IReadOnlySet<SiloAddress> Find(IReadOnlyDictionary<SiloAddress, StoredSilo> stored, DateTimeOffset now)
    {
        // A silo that ended is absent until another one starts.
        var absent = new List<(SiloAddress Silo, bool IsLost)>();
        foreach (var (silo, isStart, _) in Changes(stored, now).OrderBy(change => change.At).ThenBy(change => change.IsStart))
        {
            if (!isStart)
            {
                var lost = stored[silo] is { End: SiloEnd.DeclaredDead } ended && now - (ended.EndedAt ?? ended.LastHeard) < Longest;
                absent.Add((silo, lost));
            }
            else if (absent.FindIndex(one => one.Silo.Endpoint.Equals(silo.Endpoint)) is >= 0 and var own)
            {
                absent.RemoveAt(own);
            }
            else if (absent.FindIndex(one => one.IsLost) is >= 0 and var first)
            {
                absent.RemoveAt(first);
            }
        }

        return absent.Where(one => one.IsLost).Select(one => one.Silo).ToHashSet();
    }

    // Starts, and ends by the last sign of life: what takes a silo's place may start before the others have declared that one dead. One that has
    // yet to join or to serve takes no place, and one that never served neither took one nor leaves one.
    private static IEnumerable<(SiloAddress Silo, bool IsStart, DateTimeOffset At)> Changes(
        IReadOnlyDictionary<SiloAddress, StoredSilo> stored, DateTimeOffset now)
    {
        foreach (var (silo, entry) in stored)
        {
            var last = entry.Status == SiloStatus.Dead ? entry.LastHeard : now;
            if (entry.Status is SiloStatus.Created or SiloStatus.Joining || last - entry.StartedAt < Start)
            {
                continue;
            }

            yield return (silo, true, entry.StartedAt);
            if (entry.Status == SiloStatus.Dead)
            {
                yield return (silo, false, entry.LastHeard);
            }
        }
    }
}
