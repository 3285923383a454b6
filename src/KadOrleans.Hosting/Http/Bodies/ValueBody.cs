using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Hosting;

/// <summary>Reads bodies. The server bounds them by what their endpoints say, and takes none elsewhere.</summary>
internal static class Body
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    public static async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var content = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(content, context.RequestAborted);
            return content.ToArray();
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            var most = context.GetEndpoint()!.Metadata.GetMetadata<IRequestSizeLimitMetadata>()!.MaxRequestBodySize;
            throw new ApiProblemException(e.StatusCode, $"The body is longer than {most} bytes, the most allowed here.");
        }
    }

    /// <summary>Reads a body as a JSON object, all of whose text is Unicode.</summary>
    /// <exception cref="JsonException">It is no JSON, or names a member twice.</exception>
    public static async Task<JsonElement> ReadJsonAsync(HttpContext context, string needed)
    {
        var json = await ReadPartsAsync(context, needed);
        return JsonText.IsUnicode(json) ? json : throw ApiProblemException.Wrong($"The body has {JsonText.Problem}.");
    }

    /// <summary>Reads a body as a JSON object. Who calls it looks at each part with <see cref="JsonText"/> before it reads a text of it.</summary>
    /// <exception cref="JsonException">It is no JSON, or names a member twice.</exception>
    public static async Task<JsonElement> ReadPartsAsync(HttpContext context, string needed)
    {
        var body = await ReadAsync(context);
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : throw ApiProblemException.Wrong(needed);
        }
        catch (InvalidOperationException)
        {
            // Names are compared as text.
            throw ApiProblemException.Wrong($"The body has {JsonText.Problem}.");
        }
    }

    /// <summary>A member of an object, which must be text; null if it is missing or null.</summary>
    public static string? Text(this JsonElement json, string name) => !json.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => throw ApiProblemException.Wrong($"{name} is {VisibleText.Excerpt(value.GetRawText())}; text is needed."),
    };
}

/// <summary>Values in bodies of requests and responses: as JSON with a type, as text, or as bytes.</summary>
internal static class ValueBody
{
    public const string Bytes = "application/octet-stream";
    public const string PlainText = "text/plain";
    public const string Json = "application/json";

    public const string TypeHeader = "Kad-Type";

    /// <summary>The most bytes of a body with one value: each of its bytes may be an escape of six characters.</summary>
    public const int MaxBodyBytes = 64 << 10;

    private const string Missing = """The value is missing; {"value":…}, or {"type":…,"value":…}, is needed.""";

    /// <summary>The tag of a value (RFC 9110 §8.8.3): equal values have equal tags everywhere.</summary>
    public static EntityTagHeaderValue TagOf(DhtValue value)
    {
        byte[] bytes = [(byte)value.Kind, .. Encoding.UTF8.GetBytes(value.ToString())];
        return new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\"");
    }

    /// <summary>A value's bytes: text in UTF-8, bytes as they are, and others as text.</summary>
    public static ReadOnlyMemory<byte> ContentOf(DhtValue value) =>
        value.Kind == DhtValueKind.Bytes ? value.AsBytes() : Encoding.UTF8.GetBytes(value.ToString());

    public static async Task<DhtValue> ReadAsync(HttpContext context)
    {
        var given = context.Request.ContentType;
        var type = MediaTypeHeaderValue.TryParse(given, out var parsed) ? parsed.MediaType.Value?.ToLowerInvariant() : null;
        if (type == Json)
        {
            return Read(await Body.ReadJsonAsync(context, Missing));
        }

        var content = await Body.ReadAsync(context);
        return type switch
        {
            Bytes => Checked(DhtValue.FromBytes(content)),
            PlainText when Utf8.IsValid(content) => Checked(DhtValue.FromUtf8(content)),
            PlainText => throw ApiProblemException.Wrong($"The body is not UTF-8 text; send it as {Bytes}."),
            _ => throw new ApiProblemException(
                StatusCodes.Status415UnsupportedMediaType,
                $"The content type is '{VisibleText.Excerpt(given ?? string.Empty)}'; {Json}, {PlainText} or {Bytes} is allowed."),
        };
    }

    // Reads {"type":…,"value":…}. Without a type, the JSON value's own counts; a number with a fraction or an exponent is a float.
    public static DhtValue Read(JsonElement json)
    {
        if (!json.TryGetProperty("value", out var value))
        {
            throw ApiProblemException.Wrong(Missing);
        }

        var type = json.Text("type") ?? TypeOf(value);
        return DhtValueText.TryRead(type, value, out var read)
            ? Checked(read)
            : throw ApiProblemException.Wrong(ValueJson.AllowedOf(type) is { } allowed
                ? $"The value is {VisibleText.Excerpt(value.GetRawText())}; {allowed}."
                : $"The type is '{VisibleText.Excerpt(type)}'; {ValueJson.Types} is allowed.");
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Number => value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? "int" : "float",
        _ => throw ApiProblemException.Wrong($"The value is {VisibleText.Excerpt(value.GetRawText())}; text, a number, true or false is allowed."),
    };

    private static DhtValue Checked(DhtValue value) => StoreRules.FindRefusal(value) is null
        ? value
        : throw new ApiProblemException(
            StatusCodes.Status413PayloadTooLarge,
            $"The value is {value.ContentLength} bytes long; at most {StoreRules.MaxContentLength} are allowed.");
}
