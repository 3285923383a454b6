using System.Security.Claims;
using System.Text;
using KadOrleans.Core.Items;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

/// <summary>
/// Requests over HTTP: an input has a line with method and target, lines with headers, an empty line and the body. Each reader of paths, parameters,
/// headers and bodies gets it, whatever its path. All that they may throw is what the API answers with a status below 500, or with 501.
/// </summary>
internal sealed class HttpTarget : IFuzzTarget
{
    private static readonly ServiceProvider Services = new ServiceCollection().AddLogging().AddTransient<BodyBudget>().BuildServiceProvider();

    private static readonly ClaimsPrincipal User = new(new TokenIdentity(ApiToken.Create("fuzz", ApiScope.All).Token, session: null));

    private static readonly RouteEndpoint[] Endpoints =
        [.. new[] { "/v1/keys/{key}", "/v1/keys/{key}:watch", "/v1/items/{item}" }.Select(ToEndpoint)];

    public bool Run(ReadOnlySpan<byte> input)
    {
        if (HttpInput.TryRead(input) is not { } request)
        {
            return false;
        }

        var isRead = false;
        foreach (var endpoint in Endpoints)
        {
            isRead |= RunPath(request, endpoint);
        }

        return isRead | RunParameters(request) | RunConditions(request) | RunValue(request) | RunItem(request) | RunBatch(request);
    }

    private static RouteEndpoint ToEndpoint(string pattern) => new(
        static _ => Task.CompletedTask, RoutePatternFactory.Parse(pattern), 0, new EndpointMetadataCollection(new RequestTarget.AsSent()), pattern);

    // The router matched the path, as the server decoded it.
    private static bool RunPath(HttpInput request, RouteEndpoint endpoint) => Try(() =>
    {
        var context = request.NewContext(Services);
        if (!new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(context.Request.Path, context.Request.RouteValues))
        {
            return false;
        }

        context.SetEndpoint(endpoint);
        var isPassedOn = false;
        Completed.Wait(RequestTarget.CheckAsync(context, _ =>
        {
            isPassedOn = true;
            return Task.CompletedTask;
        }));
        if (!isPassedOn)
        {
            return false;
        }

        var query = context.Request.Query;
        var (name, value) = context.Request.RouteValues.Single();
        var text = (string)value!;
        // Routing passes over a slash at the end.
        var sent = Uri.UnescapeDataString(request.Target.Split('?')[0].TrimEnd('/').Split('/')[^1]);
        Require(sent.StartsWith(text, StringComparison.Ordinal), "a path means another text than was sent");
        if (name == "item")
        {
            RequestedItem.Of(text, query["salt"], query["saltHex"]);
            return true;
        }

        var key = RequestedKey.Of(text, query["as"]);
        Require(key.Text is null || (key.Text == text && key.Digest == NodeId.FromKey(text)), "a key has another text than its path");
        return true;
    });

    private static bool RunParameters(HttpInput request)
    {
        var query = request.NewContext(Services).Request.Query;
        return Try(() =>
            {
                var put = RequestedPut.Parse(query["wait"], query["life"]);
                Require(put.Life is null || put.Wait == SetAcknowledgement.Network, "a put with a life waits for more than the network");
                return query.ContainsKey("wait") || query.ContainsKey("life");
            })
            | Try(() => ItemBody.SeqOf("expectedSeq", query["expectedSeq"]) >= 0)
            | Try(() => KeepTime.Read(query["keep"], ManualTimeProvider.Epoch, ("wait", query.ContainsKey("wait"))) is not null)
            | Try(() => Requested.Count(query["count"]) > 0 && query.ContainsKey("count"))
            | Try(() => Requested.OptionalId("after", query["after"]) is not null);
    }

    private static bool RunConditions(HttpInput request) => Try(() =>
    {
        if (TagConditions.Read(request.NewContext(Services).Request) is not { } conditions)
        {
            return false;
        }

        var held = new GetResult(DhtValue.FromString("value"), null) { Version = conditions.Expected ?? ValueVersion.Of(1) };
        var isAllowed = conditions.Allow(held);
        Require(isAllowed || conditions.Expected is not { IsNothing: false }, "a key with the expected version is refused");
        Require(conditions.Failed().Message.Length > 0, "a condition failed without a sentence");
        Require(conditions.CallId == 0 || conditions.Expected is not null, "a call may be repeated and names no version");
        conditions.Allow(new GetResult(null, null));
        return true;
    });

    private static bool RunValue(HttpInput request) => Try(() =>
    {
        var value = Completed.Get(ValueBody.ReadAsync(request.NewContext(Services)));
        Require(StoreRules.FindRefusal(value) is null, "a value is read that cannot be stored");
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("type", DhtValueText.TypeName(value.Kind));
            json.WritePropertyName("value");
            DhtValueText.Write(json, value);
            json.WriteEndObject();
        }

        using var document = JsonDocument.Parse(stream.ToArray());
        Require(ValueBody.Read(document.RootElement) == value, "a written value is read as another");
        foreach (var form in new[] { ValueBody.Json, ValueBody.PlainText, ValueBody.Bytes })
        {
            var tagged = request.NewContext(Services).Request;
            tagged.Headers.Remove(HeaderNames.IfNoneMatch);
            var found = new GetResult(value, null);
            tagged.Headers.IfMatch = ValueBody.TagOf(found.Version, form).ToString();
            Require(TagConditions.Read(tagged) is { } conditions && conditions.Allow(found), "a value does not match its own tag");
        }

        return true;
    });

    // What was printed of an item can be put.
    private static bool RunItem(HttpInput request) => Try(() =>
    {
        var item = Completed.Get(ItemBody.ReadAsync(request.NewContext(Services)));
        using var printed = JsonDocument.Parse(ResultJson.Of(ItemResult.Of(item, item.Key)).ToJsonString());
        KnownNames.CheckFields(printed.RootElement, ItemBody.Fields);
        Require(ItemBody.Read(printed.RootElement).Equals(item), "a printed item is read as another");
        Require(ItemEnvelope.TryRead(item.Envelope, out var again, out _) && again.Equals(item), "the envelope of an item is read as another");
        return true;
    });

    private static bool RunBatch(HttpInput request) => Try(() =>
    {
        var operations = Completed.Get(BatchApi.ReadAsync(request.NewContext(Services)));
        Require(operations.Count is >= 1 and <= BatchApi.MaxOperations, "a batch has another number of operations than is allowed");
        return true;
    });

    private static bool Try(Func<bool> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (
            e is not InvariantException
            && ProblemFilter.Explain(e) is ( < StatusCodes.Status500InternalServerError or StatusCodes.Status501NotImplemented, var sentence))
        {
            Require(ApiProblem.Create(StatusCodes.Status400BadRequest, sentence).ProblemDetails.Detail?.Length > 0, "a refusal has no sentence");
            return false;
        }
    }

    /// <summary>
    /// A request with a token, as the server passes it on: the target is visible ASCII without an escaped zero, and headers have no control characters.
    /// </summary>
    private sealed record HttpInput(string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
    {
        public static HttpInput? TryRead(ReadOnlySpan<byte> input)
        {
            var lines = new List<string>();
            while (input.IndexOf((byte)'\n') is >= 0 and var end)
            {
                var line = input[..end];
                input = input[(end + 1)..];
                if (line.IsEmpty)
                {
                    break;
                }

                lines.Add(Encoding.Latin1.GetString(line));
            }

            if (lines.Count == 0 || lines[0].Split(' ') is not [var method, var target] || !IsSent(method, target) || !lines.Skip(1).All(IsHeader))
            {
                return null;
            }

            var headers = lines.Skip(1).Select(static line => line.Split(':', 2)).Select(static parts => (parts[0], parts[1].Trim()));
            return new HttpInput(method, target, [.. headers], input.ToArray());
        }

        private static bool IsSent(string method, string target) =>
            method.Length > 0 && method.All(char.IsAsciiLetterUpper)
            && target.All(static c => c is > ' ' and < '\x7f') && !target.Contains("%00", StringComparison.Ordinal);

        private static bool IsHeader(string line) => line.IndexOf(':', StringComparison.Ordinal) > 0 && !line.Any(char.IsControl);

        public DefaultHttpContext NewContext(IServiceProvider services)
        {
            var context = new DefaultHttpContext { RequestServices = services, User = User };
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = Target;
            var query = Target.IndexOf('?', StringComparison.Ordinal);
            var (path, parameters) = query < 0 ? (Target, string.Empty) : (Target[..query], Target[query..]);
            context.Request.Method = Method;
            context.Request.Path = path.StartsWith('/') ? PathString.FromUriComponent(path) : PathString.Empty;
            context.Request.Query = new QueryCollection(QueryHelpers.ParseQuery(parameters));
            context.Request.Body = new MemoryStream(Body);
            foreach (var (name, value) in Headers)
            {
                context.Request.Headers.Append(name, value);
            }

            return context;
        }
    }
}
