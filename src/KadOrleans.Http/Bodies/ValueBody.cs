using System.Numerics;
using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http;

/// <summary>Reads bodies. The server bounds them by what their endpoints say, and takes none elsewhere.</summary>
internal static class Body
{
    /// <summary>The most bytes of a body with a few short fields.</summary>
    public const int MaxFieldBytes = 1_024;

    // Of the largest batch: of 256 operations, each of which has up to 17 fields, and an item in one of them.
    private const int MaxJsonTokens = 256 * 64;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    public static async Task<byte[]> ReadAsync(HttpContext context)
    {
        BodyForm.Check(context.Request);
        var taken = context.RequestServices.GetRequiredService<BodyBudget>().For(context);
        var reader = context.Request.BodyReader;
        using var content = new MemoryStream();
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(context.RequestAborted);
                var length = read.Buffer.Length;
                foreach (var part in read.Buffer)
                {
                    content.Write(part.Span);
                }

                // Before a refusal: else the server cannot read the rest, and the connection ends.
                reader.AdvanceTo(read.Buffer.End);
                taken?.Reserve(length);
                if (read.IsCompleted)
                {
                    return content.ToArray();
                }
            }
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            var most = context.GetEndpoint()!.Metadata.GetMetadata<IRequestSizeLimitMetadata>()!.MaxRequestBodySize;
            throw new ApiProblemException(e.StatusCode, $"The body is longer than {most} bytes, the most allowed here.");
        }
    }

    /// <summary>Reads a body as a JSON object, all of whose text is Unicode, and which has no other fields than these.</summary>
    /// <exception cref="JsonException">It is no JSON, or names a member twice.</exception>
    public static async Task<JsonElement> ReadJsonAsync(HttpContext context, string needed, params string[] fields)
    {
        var json = await ReadPartsAsync(context, needed);
        if (!JsonText.IsUnicode(json))
        {
            throw ApiProblemException.Wrong($"The body has {JsonText.Problem}.");
        }

        KnownNames.CheckFields(json, fields);
        return json;
    }

    /// <summary>A field's whole number from 0; null if it is missing or null.</summary>
    public static T? Number<T>(this JsonElement json, string name)
        where T : struct, INumber<T> =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? Requested.Number<T>(name, value.GetRawText()) : null;

    /// <summary>
    /// Reads a body as a JSON object with no other fields than these, and with any if none are given. Who calls it looks at each part with
    /// <see cref="JsonText"/> before it reads a text of it.
    /// </summary>
    /// <exception cref="JsonException">It is no JSON, or names a member twice.</exception>
    public static async Task<JsonElement> ReadPartsAsync(HttpContext context, string needed, params string[] fields)
    {
        var body = await ReadAsync(context);
        if (body.Length == 0)
        {
            throw ApiProblemException.Wrong("The body is empty; JSON is needed, as /v1/openapi.json describes it.");
        }

        try
        {
            // A token has a byte at least.
            if (body.Length > MaxJsonTokens)
            {
                CheckTokens(body);
            }

            var json = JsonElement.Parse(body, Strict);
            if (json.ValueKind != JsonValueKind.Object)
            {
                throw ApiProblemException.Wrong(needed);
            }

            if (fields.Length > 0)
            {
                KnownNames.CheckFields(json, fields);
            }

            return json;
        }
        catch (InvalidOperationException)
        {
            // Names are compared as text.
            throw ApiProblemException.Wrong($"The body has {JsonText.Problem}.");
        }
    }

    // A token takes two bytes of a body and twelve once it is parsed.
    private static void CheckTokens(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Strict.MaxDepth });
        for (var tokens = 0; reader.Read();)
        {
            if (++tokens > MaxJsonTokens)
            {
                throw ApiProblemException.Wrong($"The body has more than {MaxJsonTokens} names, values and brackets of JSON, the most allowed.");
            }
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

    /// <summary>The fields of a value in JSON.</summary>
    public static readonly string[] Fields = ["type", "value"];

    /// <summary>The most bytes of a body with one value: each of its bytes may be an escape of six characters.</summary>
    public const int MaxBodyBytes = 64 << 10;

    private const string Missing = """The value is missing; {"value":…}, or {"type":…,"value":…}, is needed.""";

    // The ends of tags.
    private static readonly Dictionary<string, char> Forms = new() { [Json] = 'j', [PlainText] = 't', [Bytes] = 'b' };

    /// <summary>
    /// The strong tag of a value in a form (RFC 9110 §8.8.3): that of its version, and so of the write. In JSON it says nothing of the lookup, which is
    /// another one each time.
    /// </summary>
    public static EntityTagHeaderValue TagOf(ValueVersion version, string type) => new($"\"{version}{Forms[type]}\"");

    /// <summary>The version that a tag of any form is of, or a version alone, with or without quotes. False if it is none of this server's.</summary>
    public static bool TryReadTag(string tag, out ValueVersion version)
    {
        var text = tag.Trim('"');
        return ValueVersion.TryParse(text, out version)
            || (text.Length > 0 && Forms.ContainsValue(text[^1]) && ValueVersion.TryParse(text[..^1], out version));
    }

    /// <summary>A value's bytes: text in UTF-8, bytes as they are, and others as text.</summary>
    public static ReadOnlyMemory<byte> ContentOf(DhtValue value) =>
        value.Kind == DhtValueKind.Bytes ? value.AsBytes() : Encoding.UTF8.GetBytes(value.ToString());

    /// <summary>The media type of a request's body, without parameters; null if it has none.</summary>
    public static string? TypeOf(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed.MediaType.Value?.ToLowerInvariant() : null;

    /// <summary>Whether a body of this type is a value of bytes.</summary>
    public static bool IsBytes(MediaTypeHeaderValue type) => type.MediaType.Equals(Bytes, StringComparison.OrdinalIgnoreCase);

    public static async Task<DhtValue> ReadAsync(HttpContext context)
    {
        var given = context.Request.ContentType;
        var type = TypeOf(context.Request);
        if (type == Json)
        {
            return Read(await Body.ReadJsonAsync(context, Missing, Fields));
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
