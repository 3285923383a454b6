using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http.Values;

/// <summary>Values in bodies of requests and responses: as JSON with a type, as text, or as bytes.</summary>
internal static class ValueBody
{
    /// <summary>The media type of a value's own bytes.</summary>
    public const string Bytes = "application/octet-stream";

    /// <summary>The media type of a value as text.</summary>
    public const string PlainText = "text/plain";

    /// <summary>The media type of a value with its type.</summary>
    public const string Json = "application/json";

    /// <summary>The header with a value's type.</summary>
    public const string TypeHeader = "Kad-Type";

    /// <summary>The most bytes of a body with one value: each of its bytes may be an escape of six characters.</summary>
    public const int MaxBodyBytes = 64 << 10;

    private const string Types = "string, int, float, bool or bytes";

    /// <summary>The tag of a value (RFC 9110 §8.8.3): equal values have equal tags everywhere.</summary>
    public static EntityTagHeaderValue TagOf(DhtValue value)
    {
        var bytes = new byte[1 + Encoding.UTF8.GetByteCount(value.ToString())];
        bytes[0] = (byte)value.Kind;
        Encoding.UTF8.GetBytes(value.ToString(), bytes.AsSpan(1));
        return new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\"");
    }

    /// <summary>A value's bytes: text in UTF-8, bytes as they are, and others as text.</summary>
    public static ReadOnlyMemory<byte> ContentOf(DhtValue value) =>
        value.Kind == DhtValueKind.Bytes ? value.AsBytes() : Encoding.UTF8.GetBytes(value.ToString());

    /// <summary>Reads the value of a request by its content type.</summary>
    /// <exception cref="ApiProblemException">There is none, it is too long, or of no type that is known.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static async Task<DhtValue> ReadAsync(HttpRequest request)
    {
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed.MediaType.Value : null;
        var content = await Body.ReadAsync(request, MaxBodyBytes);
        return type?.ToLowerInvariant() switch
        {
            Json => Read(Body.Parse(content)),
            Bytes => Checked(DhtValue.FromBytes(content)),
            PlainText when Utf8.IsValid(content) => Checked(DhtValue.FromUtf8(content)),
            PlainText => throw ApiProblemException.Wrong($"The body is not UTF-8 text; send it as {Bytes}."),
            _ => throw new ApiProblemException(
                StatusCodes.Status415UnsupportedMediaType,
                $"The content type is '{VisibleText.Excerpt(request.ContentType ?? string.Empty)}'; {Json}, {PlainText} or {Bytes} is allowed."),
        };
    }

    /// <summary>
    /// Reads <c>{"type":…,"value":…}</c>. Without a type it is the value's in JSON; a number with a fraction or an exponent is a float.
    /// </summary>
    /// <exception cref="ApiProblemException">It is no such value, or too long.</exception>
    public static DhtValue Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("value", out var value))
        {
            throw ApiProblemException.Wrong("""The value is missing; {"value":…}, or {"type":…,"value":…}, is needed.""");
        }

        var type = json.TryGetProperty("type", out var given) && given.ValueKind != JsonValueKind.Null
            ? given.ValueKind == JsonValueKind.String ? given.GetString() : given.GetRawText()
            : null;
        type ??= TypeOf(value);
        return Checked(DhtValueText.TryRead(type, value, out var read) ? read : type switch
        {
            "string" => throw Wrong(value, "a string is JSON text"),
            "bool" => throw Wrong(value, "a bool is true or false"),
            "int" => throw Wrong(value, $"an int is a whole number from {DhtValue.MinInteger} to {DhtValue.MaxInteger}, or its digits as text"),
            "float" => throw Wrong(value, "a float is a number from -1.8e308 to 1.8e308, or the text NaN, Infinity or -Infinity"),
            "bytes" => throw Wrong(value, "bytes are text in hexadecimal, two digits each"),
            var other => throw ApiProblemException.Wrong($"The type is '{VisibleText.Excerpt(other ?? string.Empty)}'; {Types} is allowed."),
        });
    }

    private static string? TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Number => value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? "int" : "float",
        _ => throw ApiProblemException.Wrong($"The value is {VisibleText.Excerpt(value.GetRawText())}; text, a number, true or false is allowed."),
    };

    private static ApiProblemException Wrong(JsonElement value, string allowed) =>
        ApiProblemException.Wrong($"The value is {VisibleText.Excerpt(value.GetRawText())}; {allowed}.");

    private static DhtValue Checked(DhtValue value) => StoreRules.FindRefusal(value) is null
        ? value
        : throw new ApiProblemException(
            StatusCodes.Status413PayloadTooLarge,
            $"The value is {value.ContentLength} bytes long; at most {StoreRules.MaxContentLength} are allowed.");
}
