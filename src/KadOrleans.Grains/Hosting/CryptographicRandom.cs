using System.Security.Cryptography;
using KadOrleans.Core;

namespace KadOrleans.Grains.Hosting;

/// <summary>Randomness that strangers cannot predict.</summary>
internal sealed class CryptographicRandom : IRandomSource
{
    public void Fill(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);
}
