namespace KadOrleans.Core;

/// <summary>
/// Where every random choice comes from. Ids of requests guard against forged answers, so a node that faces a
/// network uses a cryptographic source; tests and simulations use a seeded one.
/// </summary>
public interface IRandomSource
{
    /// <summary>Fills <paramref name="buffer"/> with random bytes. Safe to call from several threads.</summary>
    void Fill(Span<byte> buffer);
}
