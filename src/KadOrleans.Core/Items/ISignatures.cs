namespace KadOrleans.Core.Items;

/// <summary>
/// Verifies Ed25519 signatures (RFC 8032 §5.1.7). Strangers choose all of its arguments, so an implementation is strict: it refuses a number S that is
/// not below the group's order, a point that is not in canonical form, and public keys and points R of small order, for which one
/// signature fits many messages.
/// </summary>
public interface ISignatures
{
    /// <summary>Whether the owner of the public key signed the message. Safe to call from several threads. Never throws for what bytes are.</summary>
    /// <param name="publicKey">32 bytes; of another length nothing is signed.</param>
    /// <param name="message">What was signed.</param>
    /// <param name="signature">64 bytes; none of another length holds.</param>
    bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}
