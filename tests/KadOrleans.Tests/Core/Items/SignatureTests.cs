using KadOrleans.Core.Items;
using KadOrleans.Signatures;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace KadOrleans.Tests.Core;

/// <summary>What holds, and what is refused that others take: see the table of docs/signed.md.</summary>
public sealed class SignatureTests
{
    public static TheoryData<string> Names => [.. SignatureVector.All.Select(vector => vector.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_recorded_signature_is_taken_or_refused_by_each_library_as_the_table_says(string name)
    {
        var vector = SignatureVector.All.Single(vector => vector.Name == name);
        var publicKey = Convert.FromHexString(vector.PublicKey);
        var message = Convert.FromHexString(vector.Message);
        var signature = Convert.FromHexString(vector.Signature);

        Assert.Equal(vector.Holds, Ed25519Signatures.Instance.Verify(publicKey, message, signature));
        Assert.Equal(vector.BouncyCastle, HasLengths(publicKey, signature) && Ed25519.Verify(signature, 0, publicKey, 0, message, 0, message.Length));
    }

    [Fact]
    public void A_pair_of_a_seed_signs_as_the_RFC_prints_and_gives_its_seed_back()
    {
        var printed = SignatureVector.All.Where(vector => vector.Seed is not null).ToList();
        Assert.Equal(4, printed.Count);
        Assert.All(printed, vector =>
        {
            using var pair = Ed25519KeyPair.FromSeed(Convert.FromHexString(vector.Seed!));
            Assert.Equal(vector.PublicKey, Convert.ToHexStringLower(pair.PublicKey.Span));
            Assert.Equal(vector.Signature, Convert.ToHexStringLower(pair.Sign(Convert.FromHexString(vector.Message))));
            Assert.Equal(vector.Seed, Convert.ToHexStringLower(pair.ExportSeed()));
        });
    }

    [Fact]
    public void New_pairs_differ_and_a_seed_of_another_length_is_named()
    {
        using var one = Ed25519KeyPair.Generate();
        using var two = Ed25519KeyPair.Generate();
        Assert.NotEqual(one.ExportSeed(), two.ExportSeed());
        Assert.StartsWith(
            "The seed is 31 bytes long; 32 are needed.",
            Assert.Throws<ArgumentException>(() => Ed25519KeyPair.FromSeed(new byte[31])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_bit_of_signature_key_or_message_is_noticed() => Randomized.ForSeeds(200, random =>
    {
        using var pair = Ed25519KeyPair.FromSeed(random.NextBytes(32));
        byte[] all = [.. pair.PublicKey.Span, .. random.NextBytes(random.Next(100))];
        all = [.. pair.Sign(all.AsSpan(32)), .. all];
        Assert.True(Holds(all));
        all[random.Next(all.Length)] ^= (byte)(1 << random.Next(8));
        Assert.False(Holds(all));

        static bool Holds(ReadOnlySpan<byte> all) => Ed25519Signatures.Instance.Verify(all[64..96], all[96..], all[..64]);
    });

    // Its methods read past the end of what is shorter.
    private static bool HasLengths(byte[] publicKey, byte[] signature) =>
        publicKey.Length == Item.PublicKeyLength && signature.Length == Item.SignatureLength;
}
