using KadOrleans.Core.Items;
using NSec.Cryptography;

namespace KadOrleans.Signatures;

/// <summary>Verifies by libsodium, which is as strict as <see cref="ISignatures"/> asks.</summary>
public sealed class Ed25519Signatures : ISignatures
{
    private Ed25519Signatures()
    {
    }

    /// <summary>The one instance: it has no state.</summary>
    public static Ed25519Signatures Instance { get; } = new();

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == Item.SignatureLength
        && PublicKey.TryImport(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey, out var key)
        && SignatureAlgorithm.Ed25519.Verify(key!, message, signature);
}
