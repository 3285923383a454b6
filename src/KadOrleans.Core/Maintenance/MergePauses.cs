namespace KadOrleans.Core;

// Pauses between efforts to grow together: lookups of the own id through nodes of another part, and bursts of pings. A liar can name
// contacts that do not exist, and a subnet's limit can keep a real one out of the table: each fruitless effort doubles the pause of the
// subnets on whose word it was made. So nobody can postpone an effort that others suggest. Not safe for several threads.
internal sealed class MergePauses(SubnetDiversity subnets)
{
    /// <summary>Between any two efforts, whoever suggests them: 30 an hour at most.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(2);

    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>Subnets whose pauses are kept. Beyond that the one that ends first is forgotten: then <see cref="Shortest"/> alone bounds it.</summary>
    public const int Capacity = 64;

    private readonly List<Entry> _entries = [];
    private DateTimeOffset _lastAt = DateTimeOffset.MinValue;

    /// <summary>Whether it is time for an effort that this endpoint suggests.</summary>
    public bool MayMake(UdpEndpoint informant, DateTimeOffset now) =>
        now.Since(_lastAt) >= Shortest && (Find(informant) is not { } entry || now.Since(entry.At) >= entry.Pause);

    public void Made(IEnumerable<UdpEndpoint> informants, bool isFruitful, DateTimeOffset now)
    {
        _lastAt = now;
        foreach (var informant in informants.DistinctBy(subnets.GroupOf))
        {
            var entry = Find(informant);
            if (entry is not null)
            {
                _entries.Remove(entry);
            }

            var doubled = (entry?.Pause ?? TimeSpan.Zero) * 2;
            var pause = isFruitful || doubled < Shortest ? Shortest : doubled < Longest ? doubled : Longest;
            Add(new Entry(subnets.GroupOf(informant), pause, now));
        }
    }

    /// <summary>The last effort turns out fruitful, so the next need not wait.</summary>
    public void WasFruitful(IEnumerable<UdpEndpoint> informants)
    {
        _lastAt = DateTimeOffset.MinValue;
        foreach (var informant in informants)
        {
            _entries.RemoveAll(entry => entry.Group == subnets.GroupOf(informant));
        }
    }

    private Entry? Find(UdpEndpoint informant) => _entries.Find(entry => entry.Group == subnets.GroupOf(informant));

    private void Add(Entry added)
    {
        if (_entries.Count == Capacity)
        {
            _entries.Remove(_entries.MinBy(entry => entry.At + entry.Pause)!);
        }

        _entries.Add(added);
    }

    private sealed record Entry(UdpEndpoint Group, TimeSpan Pause, DateTimeOffset At);
}
