using KadOrleans.Core.Items;

namespace KadOrleans.Http;

/// <summary>Reads signed items from bodies: in JSON by their parts, or as the bytes that nodes carry.</summary>
internal static class ItemBody
{
    /// <summary>The most bytes of a body: the parts in hexadecimal, of which each digit may be an escape of six characters.</summary>
    public const int MaxBodyBytes = 16 << 10;

    /// <summary>The fields of an item in JSON. Those of <see cref="ItemResult"/> that say nothing more may be there, so that what was printed can be put.</summary>
    public static readonly string[] Fields =
        ["publicKey", "salt", "saltHex", "seq", "value", "signature", "digest", "isEnd", "text", "verifies"];

    /// <summary>What the parts of an item's name are called in paths and bodies.</summary>
    public static readonly ItemIdText Names = new("The item", "salt", "saltHex");

    private const string Missing =
        """The item is missing; {"publicKey":…,"seq":…,"value":…,"signature":…}, with a salt if it has one, or {"value":…} for an immutable one, is needed.""";

    public static async Task<Item> ReadAsync(HttpContext context)
    {
        var type = ValueBody.TypeOf(context.Request);
        return type switch
        {
            ValueBody.Json => Read(await Body.ReadJsonAsync(context, Missing, Fields)),
            ValueBody.Bytes => Checked(ItemEnvelope.TryRead(await Body.ReadAsync(context), out var item, out var error) ? item : null, error),
            _ => throw new ApiProblemException(
                StatusCodes.Status415UnsupportedMediaType,
                $"The content type is '{VisibleText.Excerpt(context.Request.ContentType ?? string.Empty)}'; {ValueBody.Json} or {ValueBody.Bytes} is allowed."),
        };
    }

    /// <summary>Reads an item from an object with no other fields.</summary>
    public static Item Read(JsonElement json)
    {
        var publicKey = json.Text("publicKey");
        var (salt, seq, signature) = (SaltOf(json), SeqOf(json, "seq"), json.Text("signature"));
        if (publicKey is null && (!salt.IsEmpty || seq is not null || signature is not null))
        {
            throw ApiProblemException.Wrong("publicKey is missing, and the item has a salt, seq or signature; an immutable item has a value alone.");
        }

        if (json.Text("value") is not { } value)
        {
            throw ApiProblemException.Wrong(Missing);
        }

        if (publicKey is not null && (seq is null || signature is null))
        {
            throw ApiProblemException.Wrong(
                $"{(seq is null ? "seq" : "signature")} is missing; an item with a publicKey needs seq, value and signature.");
        }

        var parts = new ItemParts
        {
            IsMutable = publicKey is not null,
            PublicKey = Bytes("publicKey", publicKey),
            Salt = salt,
            Seq = seq ?? 0,
            Value = Bytes("value", value),
            Signature = Bytes("signature", signature),
        };
        var read = Checked(Item.TryCreate(parts, out var item, out var error) ? item : null, error);
        return json.Text("digest") is { } digest && digest != read.Key.ToString()
            ? throw new ApiProblemException(
                ProblemType.InvalidItem, $"digest is '{VisibleText.Excerpt(digest)}'; the key of this item is {read.Key}.")
            : read;
    }

    /// <summary>A sequence number of a parameter; null without one.</summary>
    public static long? SeqOf(string name, string? text) =>
        text is null ? null : Requested.Number<long>(name, text, $"0 to {long.MaxValue} is allowed");

    /// <summary>A sequence number of a field, as a number or as its digits in text; null without one.</summary>
    public static long? SeqOf(JsonElement json, string name) => !json.TryGetProperty(name, out var seq) || seq.ValueKind == JsonValueKind.Null
        ? null
        : SeqOf(name, seq.ValueKind == JsonValueKind.String ? seq.GetString() : seq.GetRawText());

    private static ReadOnlyMemory<byte> Bytes(string name, string? hex) =>
        HexText.FindProblem(name, hex ?? string.Empty, out var bytes) is { } problem ? throw ApiProblemException.Wrong(problem) : bytes;

    private static ReadOnlyMemory<byte> SaltOf(JsonElement json) =>
        Names.FindSaltProblem(json.Text("salt"), json.Text("saltHex"), out var salt) is { } problem ? throw ApiProblemException.Wrong(problem) : salt;

    private static Item Checked(Item? item, ItemError error) => item ?? throw new ApiProblemException(ProblemType.InvalidItem, error.ToString());
}

/// <summary>The item that a request means: an owner's by public key and salt, or any by the key that it is stored at.</summary>
internal readonly record struct RequestedItem(NodeId Key)
{
    /// <summary>Reads the item of a path or of an operation.</summary>
    /// <param name="id">A public key in 64 hexadecimal digits, or a key in 40.</param>
    /// <param name="salt">The salt as text.</param>
    /// <param name="saltHex">The salt in hexadecimal.</param>
    public static RequestedItem Of(string? id, string? salt, string? saltHex) =>
        ItemBody.Names.FindProblem(id ?? string.Empty, salt, saltHex, out var key) is { } problem
            ? throw ApiProblemException.Wrong(problem)
            : new RequestedItem(key);

    /// <summary>Gets the item with the highest number; a value that is none counts as nothing.</summary>
    public async Task<(Item? Item, GetResult Result)> GetAsync(IDht dht, CancellationToken cancellationToken)
    {
        var result = await dht.GetFromAllAsync(Key, cancellationToken);
        return (CheckedItem.OfChecked(Key, result.Value)?.Item, result);
    }

    /// <summary>Why nothing was found.</summary>
    public string NotFound(GetResult result) => result.Found
        ? $"No item was found at the key '{Key}'; the value there is none."
        : KeyApi.NotFound(new RequestedKey(Key, null), result);
}
