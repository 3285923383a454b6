using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace KadOrleans.Client;

/// <summary>
/// What silos and edges add to each call: <c>role/identity/hash</c>. The hash is HMAC-SHA256 of role and identity under the cluster's
/// <see cref="EdgeKey"/> in hexadecimal digits. A process makes its proof once. A proof has no time, so no clock can invalidate it.
/// </summary>
internal static class CallProof
{
    public const string ContextKey = "kad.proof";

    // Bounds what strangers can have hashed. A silo's address with its generation has less than half of it.
    private const int MaxLength = 256;

    private const char Separator = '/';
    private const string Silo = "silo";
    private const string Edge = "edge";

    /// <summary>Makes the proof of a silo. The identity is its address with its generation.</summary>
    public static string OfSilo(string key, string identity) => Make(key, $"{Silo}{Separator}{identity}");

    /// <summary>Makes the proof of an edge. The identity is a random one of the process.</summary>
    public static string OfEdge(string key, string identity) => Make(key, $"{Edge}{Separator}{identity}");

    /// <summary>Splits a proof into what is claimed and the hash. It checks no hash.</summary>
    public static bool TryRead(string proof, out ProofClaim claim)
    {
        claim = default;
        var (first, last) = (proof.IndexOf(Separator), proof.LastIndexOf(Separator));
        if (proof.Length > MaxLength || first == last)
        {
            return false;
        }

        Callers? caller = proof.AsSpan(0, first) switch
        {
            Silo => Callers.Silos,
            Edge => Callers.Edges,
            _ => null,
        };
        claim = new ProofClaim(caller ?? Callers.Clients, proof[..last], proof[(first + 1)..last]);
        return caller is not null;
    }

    /// <summary>Whether the proof of a claim was made with the key.</summary>
    public static bool IsOf(string key, ProofClaim claim, string proof) => AreEqual(Make(key, claim.Text), proof);

    /// <summary>Compares secrets in a time that tells nothing but their lengths.</summary>
    public static bool AreEqual(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(one.AsSpan()), MemoryMarshal.AsBytes(other.AsSpan()));

    private static string Make(string key, string text) =>
        $"{text}{Separator}{Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text)))}";
}

/// <summary>What a proof says of its process.</summary>
/// <param name="Caller">What the process is.</param>
/// <param name="Text">The hashed text.</param>
/// <param name="Identity">A silo's address with its generation, or an edge's random identity.</param>
internal readonly record struct ProofClaim(Callers Caller, string Text, string Identity);
