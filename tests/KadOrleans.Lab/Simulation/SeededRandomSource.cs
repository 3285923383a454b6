using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Lab;

/// <summary>Reproducible randomness: the same seed gives the same bytes.</summary>
[SuppressMessage("Security", "CA5394", Justification = "Reproducibility is the point.")]
public sealed class SeededRandomSource(int seed) : IRandomSource
{
    // Guards _random, which is not safe for several threads.
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);

    public void Fill(Span<byte> buffer)
    {
        lock (_gate)
        {
            _random.NextBytes(buffer);
        }
    }

    /// <summary>A whole number from 0 up to, not including, <paramref name="limit"/>.</summary>
    public int Next(int limit)
    {
        lock (_gate)
        {
            return _random.Next(limit);
        }
    }

    /// <summary>A number from 0 up to, not including, 1.</summary>
    public double NextDouble()
    {
        lock (_gate)
        {
            return _random.NextDouble();
        }
    }
}
