using System.Security.Cryptography;

namespace KadOrleans.Grains;

internal sealed class CryptographicRandom : IRandomSource
{
    public void Fill(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);
}
