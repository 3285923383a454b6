using System.Security.Cryptography;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>The bytes of the handshake, which two builds must agree on.</summary>
public sealed class HandshakeBytesTests
{
    private static readonly ClusterKey Key = ClusterKey.Parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    private static readonly byte[] CallerNonce = [.. Enumerable.Repeat((byte)0xaa, HandshakeBytes.NonceBytes)];
    private static readonly byte[] ListenerNonce = [.. Enumerable.Repeat((byte)0xbb, HandshakeBytes.NonceBytes)];
    private static readonly PortTerms Terms = new(PortKind.Gateway, "kad");

    [Fact]
    public void The_bytes_are_these()
    {
        Assert.Equal("4B41444801" + new string('A', 64), Convert.ToHexString(HandshakeBytes.WriteHello(CallerNonce)));

        // Computed by hand with HMAC-SHA256 over the text that the class describes.
        byte[] text = [.. "KadOrleans handshake"u8, 1, 2, 1, .. CallerNonce, .. ListenerNonce, .. "kad"u8];
        var proof = HMACSHA256.HashData(Convert.FromHexString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), text);
        var challenge = HandshakeBytes.WriteChallenge(Terms, CallerNonce, ListenerNonce, [Key]);
        Assert.Equal($"4B4144480101" + "01" + "03" + new string('B', 64) + Convert.ToHexString(proof) + "6B6164", Convert.ToHexString(challenge));
    }

    [Fact]
    public void A_challenge_is_read_as_it_was_written()
    {
        var keys = new[] { Key, ClusterKey.Parse(ClusterKey.Create()) };
        var longest = HandshakeBytes.WriteChallenge(new PortTerms(PortKind.Silo, new string('é', 100)), CallerNonce, ListenerNonce, keys);
        Assert.True(longest.Length <= 256, $"{longest.Length} bytes");
        Assert.True(HandshakeBytes.TryReadHead(longest.AsSpan(0, HandshakeBytes.HeadBytes), out var rest));
        Assert.Equal(longest.Length, HandshakeBytes.HeadBytes + rest);
        var read = HandshakeBytes.ReadChallenge(longest);
        Assert.Equal((PortKind.Silo, new string('é', 32)), (read.Terms.Kind, read.Terms.Cluster));
        Assert.Equal(ListenerNonce, read.Nonce.ToArray());
        Assert.Equal(2 * HandshakeBytes.ProofBytes, read.Proofs.Length);
    }

    [Fact]
    public void A_proof_serves_for_one_side_port_cluster_and_connection()
    {
        var proofs = new List<string>();
        foreach (var side in Enum.GetValues<HandshakeSide>())
        {
            foreach (var terms in new[] { Terms, Terms with { Kind = PortKind.Silo }, Terms with { Cluster = "kae" } })
            {
                foreach (var (caller, listener) in new[] { (CallerNonce, ListenerNonce), (ListenerNonce, CallerNonce), (CallerNonce, CallerNonce) })
                {
                    var proof = new byte[HandshakeBytes.ProofBytes];
                    HandshakeBytes.Prove(Key, side, terms, caller, listener, proof);
                    proofs.Add(Convert.ToHexString(proof));
                }
            }
        }

        Assert.Equal(18, proofs.Distinct().Count());
    }

    [Fact]
    public void No_bytes_at_all_make_a_reader_fail()
    {
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = HandshakeBytes.WriteChallenge(Terms, CallerNonce, ListenerNonce, [Key]);
            for (var changed = random.Next(4); changed >= 0; changed--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            if (HandshakeBytes.TryReadHead(bytes.AsSpan(0, HandshakeBytes.HeadBytes), out var rest))
            {
                Assert.InRange(rest, HandshakeBytes.ProofBytes, 256 - HandshakeBytes.HeadBytes);
                HandshakeBytes.ReadChallenge([.. bytes.AsSpan(0, HandshakeBytes.HeadBytes), .. new byte[rest]]);
            }

            HandshakeBytes.TryReadHello(bytes.AsSpan(0, HandshakeBytes.HelloBytes), out _);
        }
    }
}
