using System.Security.Cryptography;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The caller's side of the handshake over a stream, byte by byte, with what a test gets wrong on purpose.</summary>
internal static class RawHandshake
{
    /// <summary>Sends a hello, reads the challenge, and sends the proof, which it returns with what was read.</summary>
    public static async Task<(byte[] Hello, byte[] Challenge, byte[] Proof)> MakeAsync(Stream stream, PortTerms terms, ClusterKey key)
    {
        var nonce = RandomNumberGenerator.GetBytes(HandshakeBytes.NonceBytes);
        var hello = HandshakeBytes.WriteHello(nonce);
        await stream.WriteAsync(hello);
        var challenge = await ReadChallengeAsync(stream);
        var proof = new byte[HandshakeBytes.ProofBytes];
        HandshakeBytes.Prove(key, HandshakeSide.Caller, terms, nonce, HandshakeBytes.ReadChallenge(challenge).Nonce.Span, proof);
        await stream.WriteAsync(proof);
        return (hello, challenge, proof);
    }

    public static async Task<byte[]> ReadChallengeAsync(Stream stream)
    {
        var head = new byte[HandshakeBytes.HeadBytes];
        await stream.ReadExactlyAsync(head);
        if (!HandshakeBytes.TryReadHead(head, out var rest))
        {
            throw new InvalidDataException("This is no challenge.");
        }

        byte[] challenge = [.. head, .. new byte[rest]];
        await stream.ReadExactlyAsync(challenge.AsMemory(head.Length));
        return challenge;
    }
}
