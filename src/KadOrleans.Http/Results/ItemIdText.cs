using System.Text;
using KadOrleans.Core.Items;

namespace KadOrleans.Http;

/// <summary>Which item people and programs mean: an owner's by his public key and a salt, or any by the key that it is stored at.</summary>
/// <param name="Id">What the public key or key is called where it is given, as the subject of a sentence.</param>
/// <param name="Salt">What the salt as text is called.</param>
/// <param name="SaltHex">What the salt in hexadecimal is called.</param>
internal sealed record ItemIdText(string Id, string Salt, string SaltHex)
{
    /// <summary>What is wrong with the texts, in one sentence; null if they mean an item.</summary>
    /// <param name="id">A public key in 64 hexadecimal digits, or a key in 40.</param>
    /// <param name="salt">The salt as text; null if it is not given. It goes with a public key.</param>
    /// <param name="saltHex">The salt in hexadecimal; null if it is not given.</param>
    /// <param name="key">The item's key.</param>
    public string? FindProblem(string id, string? salt, string? saltHex, out NodeId key)
    {
        key = default;
        if (id.Length == 2 * Item.PublicKeyLength)
        {
            var wrong = FindSaltProblem(salt, saltHex, out var bytes);
            wrong = HexText.FindProblem(Id, id, out var publicKey) ?? wrong;
            key = wrong is null ? Item.KeyOf(publicKey, bytes.Span) : default;
            return wrong;
        }

        return !NodeId.TryParse(id, out key)
            ? $"{Id} is '{VisibleText.Excerpt(id)}'; a public key in {2 * Item.PublicKeyLength} hexadecimal digits, or a key in {2 * NodeId.Length}, is needed."
            : salt is not null || saltHex is not null
            ? $"{Id} is the key '{id}', which has a salt in it; {Salt} goes with a public key."
            : null;
    }

    /// <summary>What is wrong with a salt, in one sentence; null if an item may have it.</summary>
    /// <param name="text">The salt as text; null if it is not given.</param>
    /// <param name="hex">The salt in hexadecimal; null if it is not given. Both may be given if they agree.</param>
    /// <param name="salt">The salt; empty if it is not given.</param>
    public string? FindSaltProblem(string? text, string? hex, out ReadOnlyMemory<byte> salt)
    {
        byte[]? bytes = null;
        salt = default;
        if (hex is not null && HexText.FindProblem(SaltHex, hex, out bytes) is { } problem)
        {
            return problem;
        }

        var own = text is null ? bytes ?? [] : Encoding.UTF8.GetBytes(text);
        if (bytes is not null && !own.AsSpan().SequenceEqual(bytes))
        {
            return $"{Salt} is '{VisibleText.Excerpt(text!)}' and {SaltHex} '{VisibleText.Excerpt(hex!)}'; they differ.";
        }

        salt = own;
        return own.Length <= Item.MaxSaltLength ? null : $"{(text is null ? SaltHex : Salt)}: {new ItemError(ItemFault.SaltLength, own.Length)}";
    }
}
