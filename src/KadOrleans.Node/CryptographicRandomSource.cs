using System.Security.Cryptography;
using KadOrleans.Core;

namespace KadOrleans.Node;

/// <summary>Randomness that strangers cannot predict, so that they cannot forge answers.</summary>
public sealed class CryptographicRandomSource : IRandomSource
{
    /// <inheritdoc/>
    public void Fill(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);
}
