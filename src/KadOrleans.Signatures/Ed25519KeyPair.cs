using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using NSec.Cryptography;

namespace KadOrleans.Signatures;

/// <summary>An owner's key pair in memory (RFC 8032 §5.1.5). libsodium keeps the secret outside of the managed heap, and wipes it when the pair is disposed.</summary>
public sealed class Ed25519KeyPair : IDisposable
{
    /// <summary>Length of the seed, which is the secret that a key pair is made of, in bytes.</summary>
    public const int SeedLength = 32;

    private const string PemBegin = "-----BEGIN ";

    private readonly Key _key;

    private Ed25519KeyPair(Key key)
    {
        _key = key;
        PublicKey = key.PublicKey.Export(KeyBlobFormat.RawPublicKey);
    }

    /// <summary>The public key, 32 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>A new key pair of the system's random source.</summary>
    public static Ed25519KeyPair Generate() => new(Key.Create(
        SignatureAlgorithm.Ed25519, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }));

    /// <summary>The key pair of a seed.</summary>
    /// <param name="seed">32 bytes.</param>
    /// <exception cref="ArgumentException">The seed has another length.</exception>
    public static Ed25519KeyPair FromSeed(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedLength)
        {
            throw new ArgumentException($"The seed is {seed.Length} bytes long; {SeedLength} are needed.", nameof(seed));
        }

        return new(Key.Import(
            SignatureAlgorithm.Ed25519,
            seed,
            KeyBlobFormat.RawPrivateKey,
            new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }));
    }

    /// <summary>The seed, 32 bytes: whoever has it is the owner. It is no longer guarded by libsodium.</summary>
    /// <exception cref="ObjectDisposedException">The pair was disposed.</exception>
    public byte[] ExportSeed() => _key.Export(KeyBlobFormat.RawPrivateKey);

    /// <summary>The key pair of text in PEM (PKCS #8, RFC 8410), as <see cref="ExportPem"/> and OpenSSL write it. Text may stand before the block.</summary>
    /// <param name="pem">The text.</param>
    /// <param name="pair">The key pair; null if the text has no private key of Ed25519, or another block beside it.</param>
    public static bool TryFromPem(string pem, [NotNullWhen(true)] out Ed25519KeyPair? pair)
    {
        ArgumentNullException.ThrowIfNull(pem);
        pair = null;
        if (pem.AsSpan().Count(PemBegin) != 1 || !PemEncoding.TryFind(pem, out var fields) || pem.AsSpan()[fields.Label] is not "PRIVATE KEY")
        {
            return false;
        }

        var bytes = Convert.FromBase64String(pem[fields.Base64Data]);
        var isKey = Key.TryImport(
            SignatureAlgorithm.Ed25519,
            bytes,
            KeyBlobFormat.PkixPrivateKey,
            out var key,
            new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        CryptographicOperations.ZeroMemory(bytes);
        pair = isKey ? new(key!) : null;
        return isKey;
    }

    /// <summary>The secret in PEM (PKCS #8, RFC 8410), with a line end: whoever has it is the owner.</summary>
    /// <exception cref="ObjectDisposedException">The pair was disposed.</exception>
    public string ExportPem() => PemEncoding.WriteString("PRIVATE KEY", _key.Export(KeyBlobFormat.PkixPrivateKey)) + "\n";

    /// <summary>Signs a message, which gives the same 64 bytes each time. Safe to call from several threads.</summary>
    /// <exception cref="ObjectDisposedException">The pair was disposed.</exception>
    public byte[] Sign(ReadOnlySpan<byte> message) => SignatureAlgorithm.Ed25519.Sign(_key, message);

    /// <summary>Signs items with this pair, as long as it is not disposed.</summary>
    public ItemSigner ToSigner() => new(PublicKey, (message, _) => new ValueTask<ReadOnlyMemory<byte>>(Sign(message.Span)));

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
