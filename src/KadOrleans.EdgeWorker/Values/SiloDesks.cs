namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The silos that the desks of one kind are at, as their responses tell. The runtime gives a client one silo for each desk, and another one
/// only when that is gone. So calls for the shards of a silo can go to it, and no silo has to pass them on. Safe for several threads.
/// </summary>
/// <param name="time">For the time between tries of new desks.</param>
internal sealed class SiloDesks(TimeProvider time)
{
    /// <summary>A new desk is tried at most this often.</summary>
    public static readonly TimeSpan TriesEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>New desks that are tried in a row without finding another silo. It may be one that no client can reach.</summary>
    public const int MaxTries = 64;

    /// <summary>The pause after each of the tries that follow, until another silo is found.</summary>
    public static readonly TimeSpan LongPause = TimeSpan.FromMinutes(1);

    /// <summary>The most desks that are known at one silo. Each is a grain of its own, so that several lanes do not wait for each other.</summary>
    public const int MaxDesksOfSilo = 8;

    // Those of silos that stopped stay, so there is an end.
    private const int MaxDesks = 16_384;

    // Guards the fields below.
    private readonly Lock _gate = new();
    private readonly List<(long Desk, SiloAddress Silo)> _noted = [];
    private long _tried;
    private long? _triedAt;
    private int _triesLeft = MaxTries;

    // Made anew for each change: calls read it without the lock.
    private volatile Places _places = Places.Of([]);

    /// <summary>The desk for a call about shards of a silo: one that is there, if one is known.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="own">The caller's own desk. It is used until its silo is known, and while no better one is.</param>
    /// <param name="lane">The caller's number. Callers with different numbers use different desks of a silo.</param>
    public long Choose(SiloAddress silo, long own, long lane)
    {
        var places = _places;
        return !places.Silos.TryGetValue(own, out var here) || here.Equals(silo) ? own
            : places.Desks.TryGetValue(silo, out var desks) ? desks[lane % desks.Length]
            : TryNew() ?? own;
    }

    /// <summary>Notes at which silo a desk is.</summary>
    public void Note(long desk, SiloAddress silo)
    {
        if (_places.Silos.TryGetValue(desk, out var known) && known.Equals(silo))
        {
            return;
        }

        lock (_gate)
        {
            _triesLeft = _places.Desks.ContainsKey(silo) ? _triesLeft : MaxTries;
            _noted.RemoveAll(noted => noted.Desk == desk);
            _noted.Add((desk, silo));
            if (_noted.Count(noted => noted.Silo.Equals(silo)) > MaxDesksOfSilo)
            {
                _noted.RemoveAt(_noted.FindIndex(noted => noted.Silo.Equals(silo)));
            }
            else if (_noted.Count > MaxDesks)
            {
                _noted.RemoveAt(0);
            }

            _places = Places.Of(_noted);
        }
    }

    /// <summary>Forgets a desk that does not respond.</summary>
    public void Forget(long desk)
    {
        lock (_gate)
        {
            if (_noted.RemoveAll(noted => noted.Desk == desk) > 0)
            {
                _places = Places.Of(_noted);
            }
        }
    }

    // A desk that nobody used, which may be at any silo. Null if it is too early to try one.
    private long? TryNew()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_triedAt is { } triedAt && time.GetElapsedTime(triedAt, now) < (_triesLeft > 0 ? TriesEvery : LongPause))
            {
                return null;
            }

            (_triedAt, _triesLeft) = (now, Math.Max(0, _triesLeft - 1));

            // Those of the lanes are 0 and above.
            return --_tried;
        }
    }

    private sealed record Places(Dictionary<long, SiloAddress> Silos, Dictionary<SiloAddress, long[]> Desks)
    {
        public static Places Of(List<(long Desk, SiloAddress Silo)> noted) => new(
            noted.ToDictionary(place => place.Desk, place => place.Silo),
            noted.GroupBy(place => place.Silo, place => place.Desk).ToDictionary(desks => desks.Key, desks => desks.ToArray()));
    }
}
