namespace KadOrleans.Core;

// Pauses between efforts to grow together: lookups of the own id through nodes of another part, and bursts of pings. A liar can name
// contacts that do not exist, and a subnet's limit can keep a real one out of the table: each fruitless effort doubles the pause.
internal sealed class MergePauses
{
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(2);

    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private TimeSpan _pause = TimeSpan.Zero;
    private DateTimeOffset _lookedUpAt = DateTimeOffset.MinValue;

    public bool MayLookUp(DateTimeOffset now) => now.Since(_lookedUpAt) >= _pause;

    public void LookedUp(bool isFruitful, DateTimeOffset now)
    {
        _lookedUpAt = now;
        var doubled = _pause * 2;
        _pause = isFruitful || doubled < Shortest ? Shortest : doubled < Longest ? doubled : Longest;
    }

    /// <summary>The last effort turns out fruitful, so the next need not wait.</summary>
    public void WasFruitful() => _pause = TimeSpan.Zero;
}
