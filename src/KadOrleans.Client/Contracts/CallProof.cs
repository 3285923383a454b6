using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KadOrleans.Client;

/// <summary>
/// What a silo adds to each of its calls: <c>silo/identity/hash</c>. The hash is HMAC-SHA256 of the text before it under the silos' key, in
/// hexadecimal digits. Orleans does not tell a grain by which port a call came, and whoever is connected to a gateway may name itself a
/// silo. A process makes its proof once. A proof has no time, so no clock can invalidate it.
/// </summary>
internal static class CallProof
{
    public const string ContextKey = "kad.proof";

    // Bounds what strangers can have hashed. A silo's address with its generation has less than half of it.
    private const int MaxLength = 256;

    private const char Separator = '/';
    private const string Silo = "silo";

    /// <summary>Makes the proof of a silo. The identity is its address with its generation.</summary>
    public static string OfSilo(ClusterKey key, string identity) => Make(key, $"{Silo}{Separator}{identity}");

    /// <summary>Splits a proof into what is claimed and the hash. It checks no hash.</summary>
    public static bool TryRead(string proof, out ProofClaim claim)
    {
        claim = default;
        var (first, last) = (proof.IndexOf(Separator), proof.LastIndexOf(Separator));
        if (proof.Length > MaxLength || first == last || proof[..first] != Silo)
        {
            return false;
        }

        claim = new ProofClaim(proof[..last], proof[(first + 1)..last]);
        return true;
    }

    /// <summary>Whether the proof of a claim was made with the key.</summary>
    public static bool IsOf(ClusterKey key, ProofClaim claim, string proof) => AreEqual(Make(key, claim.Text), proof);

    /// <summary>Compares secrets in a time that tells nothing but their lengths.</summary>
    public static bool AreEqual(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(one.AsSpan()), MemoryMarshal.AsBytes(other.AsSpan()));

    private static string Make(ClusterKey key, string text) => $"{text}{Separator}{key.Sign(text)}";
}

/// <summary>What a proof says of its process.</summary>
/// <param name="Text">The hashed text.</param>
/// <param name="Identity">A silo's address with its generation.</param>
internal readonly record struct ProofClaim(string Text, string Identity);
