using System.Security.Cryptography;
using System.Text;

namespace KadOrleans.Client;

/// <summary>
/// A secret of a cluster: 32 random bytes, written as 64 hexadecimal digits. It has to be random, as a listener proves first that it has it:
/// so anybody who connects gets something to try guesses on.
/// </summary>
internal sealed class ClusterKey
{
    public const int Bytes = 32;

    /// <summary>What is allowed, as the end of a sentence.</summary>
    public const string Needed = "64 hexadecimal digits are needed, which 'openssl rand -hex 32' makes";

    private const int Digits = 2 * Bytes;

    // Of 32 random bytes fewer are different once in 10^14: somebody typed it.
    private const int LeastDifferent = 16;

    private readonly byte[] _secret;

    private ClusterKey(byte[] secret) => _secret = secret;

    /// <summary>A new key, as it is written.</summary>
    public static string Create() => RandomNumberGenerator.GetHexString(Digits, lowercase: true);

    /// <summary>Reads a key.</summary>
    /// <exception cref="FormatException">It is none; <see cref="FindProblem"/> says why.</exception>
    public static ClusterKey Parse(string text) => FindProblem(text, "The key") is { } problem ? throw new FormatException(problem) : new(Convert.FromHexString(text));

    /// <summary>Returns what is wrong with a key, in one sentence without the secret. Null if the key is valid.</summary>
    public static string? FindProblem(string text, string setting) =>
        text.Length != Digits ? $"{setting} has {text.Length} characters; {Needed}."
        : !text.All(char.IsAsciiHexDigit) ? $"{setting} has a character that is no hexadecimal digit; {Needed}."
        : Convert.FromHexString(text).Distinct().Count() < LeastDifferent ? $"{setting} is not random, as its bytes repeat; {Needed}."
        : null;

    /// <summary>HMAC-SHA256 of a text under the key, 32 bytes.</summary>
    public void Sign(ReadOnlySpan<byte> text, Span<byte> hash) => HMACSHA256.HashData(_secret, text, hash);

    /// <summary>The same in hexadecimal digits.</summary>
    public string Sign(string text) => Convert.ToHexString(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(text)));

    /// <summary>Whether both are the same secret.</summary>
    public bool Is(ClusterKey other) => CryptographicOperations.FixedTimeEquals(_secret, other._secret);
}
