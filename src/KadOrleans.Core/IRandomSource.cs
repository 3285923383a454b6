namespace KadOrleans.Core;

/// <summary>
/// The source of every random choice. Message ids guard against forged responses, so a node in a network uses a cryptographic source. Tests
/// and simulations use a seeded one.
/// </summary>
public interface IRandomSource
{
    /// <summary>Fills <paramref name="buffer"/> with random bytes. Safe to call from several threads.</summary>
    void Fill(Span<byte> buffer);
}
