using System.Text;

namespace KadOrleans.Client;

/// <summary>
/// The bytes of the handshake that precedes all that Orleans sends on a connection. The caller sends a nonce; the listener says what it is,
/// and proves each key that it accepts; then the caller proves its own. A proof is HMAC-SHA256, under the key, of the side, the kind of port, both
/// nonces and the cluster's id. So no proof serves for another side, port, cluster or connection.
/// </summary>
/// <remarks>
/// Hello: magic (4), version (1), nonce (32). Challenge: magic (4), version (1), kind of port (1), number of keys (1), bytes of the cluster's
/// id (1), nonce (32), the proofs (32 each), the cluster's id. Answer: the proof (32).
/// </remarks>
internal static class HandshakeBytes
{
    public const int NonceBytes = 32;

    public const int ProofBytes = 32;

    public const int HelloBytes = 5 + NonceBytes;

    /// <summary>The part of a challenge that says how long the rest is.</summary>
    public const int HeadBytes = 8 + NonceBytes;

    /// <summary>A second key is accepted while the first is changed.</summary>
    public const int MostKeys = 2;

    // A longer id is cut, as it is for people: the proofs have all of it.
    private const int MostClusterBytes = 64;

    private const byte Version = 1;

    // Orleans reads four bytes of a message's length, and refuses so large a one.
    private static ReadOnlySpan<byte> Magic => "KADH"u8;

    private static ReadOnlySpan<byte> Purpose => "KadOrleans handshake"u8;

    public static byte[] WriteHello(ReadOnlySpan<byte> nonce) => [.. Magic, Version, .. nonce];

    /// <summary>The caller's nonce. False: these bytes begin something else.</summary>
    public static bool TryReadHello(ReadOnlySpan<byte> hello, out byte[] nonce)
    {
        nonce = hello[5..HelloBytes].ToArray();
        return IsOurs(hello);
    }

    public static byte[] WriteChallenge(PortTerms terms, ReadOnlySpan<byte> callerNonce, ReadOnlySpan<byte> nonce, IReadOnlyList<ClusterKey> keys)
    {
        var shown = Shown(terms.Cluster);
        byte[] challenge = [.. Magic, Version, (byte)terms.Kind, (byte)keys.Count, (byte)shown.Length, .. nonce, .. new byte[keys.Count * ProofBytes], .. shown];
        for (var i = 0; i < keys.Count; i++)
        {
            Prove(keys[i], HandshakeSide.Listener, terms, callerNonce, nonce, challenge.AsSpan(HeadBytes + (i * ProofBytes), ProofBytes));
        }

        return challenge;
    }

    /// <summary>How many bytes follow the head of a challenge. False: these bytes begin something else.</summary>
    public static bool TryReadHead(ReadOnlySpan<byte> head, out int rest)
    {
        rest = (head[6] * ProofBytes) + head[7];
        return IsOurs(head) && head[5] is (byte)PortKind.Gateway or (byte)PortKind.Silo && head[6] is >= 1 and <= MostKeys && head[7] <= MostClusterBytes;
    }

    /// <summary>Reads a challenge whose head was read.</summary>
    public static Challenge ReadChallenge(byte[] challenge)
    {
        var clusterAt = HeadBytes + (challenge[6] * ProofBytes);
        return new Challenge(
            new PortTerms((PortKind)challenge[5], Encoding.UTF8.GetString(challenge.AsSpan(clusterAt))),
            challenge.AsMemory(8, NonceBytes),
            challenge.AsMemory(HeadBytes, clusterAt - HeadBytes));
    }

    /// <summary>Writes the proof of one side of a connection.</summary>
    public static void Prove(
        ClusterKey key, HandshakeSide side, PortTerms terms, ReadOnlySpan<byte> callerNonce, ReadOnlySpan<byte> listenerNonce, Span<byte> proof)
    {
        byte[] text = [.. Purpose, Version, (byte)side, (byte)terms.Kind, .. callerNonce, .. listenerNonce, .. Encoding.UTF8.GetBytes(terms.Cluster)];
        key.Sign(text, proof);
    }

    /// <summary>Whether a challenge of a cluster of this id would have the id that was read.</summary>
    public static bool IsShown(string cluster, string read) => Encoding.UTF8.GetString(Shown(cluster)) == read;

    private static ReadOnlySpan<byte> Shown(string cluster)
    {
        var id = Encoding.UTF8.GetBytes(cluster).AsSpan();
        return id[..Math.Min(id.Length, MostClusterBytes)];
    }

    private static bool IsOurs(ReadOnlySpan<byte> message) => message.StartsWith(Magic) && message[4] == Version;
}

/// <summary>What a listener says of itself. Until a proof of it was checked nothing of it is known to be true.</summary>
/// <param name="Terms">What it is; the cluster's id may be cut.</param>
/// <param name="Nonce">Its nonce.</param>
/// <param name="Proofs">The proofs of its keys, one behind the other.</param>
internal readonly record struct Challenge(PortTerms Terms, ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Proofs);

internal enum HandshakeSide : byte
{
    Caller = 1,

    Listener = 2,
}
