using System.Net.Http.Headers;
using System.Text;

namespace KadOrleans.Lab;

/// <summary>Calls one process over HTTP.</summary>
internal sealed class HttpHistoryClient : IHistoryClient
{
    // Longer than a cluster tries a shard.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    // Until after each run, and less than ten years from now, as is allowed.
    private static readonly string KeptUntil = DateTime.UtcNow.AddYears(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private readonly HttpClient _http;

    public HttpHistoryClient(string member, Uri address, string token, bool manages)
    {
        (Member, Manages) = (member, manages);
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromSeconds(20) }) { BaseAddress = address, Timeout = Patience };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public string Way => $"HTTP of {Member}";

    public string Member { get; }

    public bool IsDatagrams => false;

    public bool Manages { get; }

    public async Task<CallEnd> CallAsync(HistoryKey key, HistoryCall call)
    {
        using var request = RequestOf(key, call);
        try
        {
            using var response = await _http.SendAsync(request);
            return await ReadAsync(key, call.Kind, response);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            // Nothing was sent.
            return new CallEnd(OperationOutcome.Rejected) { Unpublish = OperationOutcome.Rejected };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return new CallEnd(OperationOutcome.Unclear) { Unpublish = OperationOutcome.Unclear };
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static HttpRequestMessage RequestOf(HistoryKey key, HistoryCall call)
    {
        var path = key.Kind == HistoryKeyKind.Items ? $"/v1/keys/{key.Id}?as=digest" : $"/v1/keys/{key.Name}";
        var wait = call.IsDurable ? "?wait=durable" : string.Empty;
        switch (call.Kind)
        {
            case OperationKind.Get:
                var get = new HttpRequestMessage(HttpMethod.Get, path);
                get.Headers.Accept.ParseAdd(ValueBody.Json);
                return get;
            case OperationKind.Unpublish:
                return Ending(path);
            case OperationKind.DeleteIf:
                var ending = Ending(path);
                AddCondition(ending.Headers, call);
                return ending;
            case OperationKind.Delete:
                return Ending($"/v1/admin/keys/{key.Name}");
            case OperationKind.KeepItem:
                return new HttpRequestMessage(HttpMethod.Put, $"/v1/items?keep={KeptUntil}") { Content = ItemContent(key, call) };
            case OperationKind.PutItem:
                var expected = call.ExpectedSeq is { } seq
                    ? string.Create(CultureInfo.InvariantCulture, $"{(call.IsDurable ? "&" : "?")}expectedSeq={seq}")
                    : string.Empty;
                return new HttpRequestMessage(HttpMethod.Put, $"/v1/items{wait}{expected}") { Content = ItemContent(key, call) };
            default:
                var life = call.Life is { } time ? string.Create(CultureInfo.InvariantCulture, $"?life={time.TotalSeconds}") : string.Empty;
                var put = new HttpRequestMessage(HttpMethod.Put, path + wait + life)
                {
                    Content = new StringContent(HistoryValue.Of(call.Value).AsString(), Encoding.UTF8, ValueBody.PlainText),
                };
                AddCondition(put.Headers, call);
                return put;
        }
    }

    // .NET sends a request without a body again when the connection ended before the response, and tells of that attempt alone: it may have been done.
    private static HttpRequestMessage Ending(string path) => new(HttpMethod.Delete, path) { Content = new ByteArrayContent([]) };

    private static ByteArrayContent ItemContent(HistoryKey key, HistoryCall call)
    {
        var item = new ByteArrayContent(HistoryValue.ItemOf(key, call).Envelope.ToArray());
        item.Headers.ContentType = new MediaTypeHeaderValue(ValueBody.Bytes);
        return item;
    }

    private static void AddCondition(HttpRequestHeaders headers, HistoryCall call)
    {
        if (call.Kind is not (OperationKind.SetIf or OperationKind.DeleteIf))
        {
            return;
        }

        headers.Add("Idempotency-Key", call.CallId.ToString(CultureInfo.InvariantCulture));
        if (call.Version == 0)
        {
            headers.Add("If-None-Match", "*");
        }
        else
        {
            headers.Add("If-Match", $"\"{call.Version}\"");
        }
    }

    private static async Task<CallEnd> ReadAsync(HistoryKey key, OperationKind kind, HttpResponseMessage response)
    {
        var code = (int)response.StatusCode;
        if (kind == OperationKind.Get)
        {
            return code switch
            {
                200 => Read(key, JsonNode.Parse(await response.Content.ReadAsStringAsync())!),
                404 => new CallEnd(OperationOutcome.Done),
                _ => new CallEnd(OperationOutcome.Rejected),
            };
        }

        if (kind == OperationKind.Delete && code == 200)
        {
            var deleted = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            return new CallEnd(OperationOutcome.Done) { Unpublish = (bool)deleted["wasPublished"]! ? OperationOutcome.Done : OperationOutcome.Refused };
        }

        var outcome = code switch
        {
            >= 200 and < 300 => OperationOutcome.Done,
            404 when kind is OperationKind.Unpublish or OperationKind.Delete => OperationOutcome.Refused,
            412 => OperationOutcome.Refused,
            409 when kind is OperationKind.SetIf or OperationKind.DeleteIf && await IsUnknownAsync(response) => OperationOutcome.Unclear,
            409 when kind is OperationKind.PutItem or OperationKind.KeepItem or OperationKind.SetFor => OperationOutcome.Refused,
            >= 500 and not 507 => OperationOutcome.Unclear,
            _ => OperationOutcome.Rejected,
        };
        var version = outcome == OperationOutcome.Done && code == 200 && JsonNode.Parse(await response.Content.ReadAsStringAsync()) is JsonObject put
            ? ReadVersion(put)
            : 0;
        return new CallEnd(outcome) { Unpublish = outcome, Version = version };
    }

    private static async Task<bool> IsUnknownAsync(HttpResponseMessage response) =>
        (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())?["type"] == ProblemType.OutcomeUnknown.Reference;

    private static long ReadVersion(JsonNode result) =>
        ValueVersion.TryParse((string?)result["version"], out var version) ? version.Number : 0;

    // What others of the network said proves nothing.
    private static CallEnd Read(HistoryKey key, JsonNode found)
    {
        if (found["lookup"] is not null)
        {
            return new CallEnd(OperationOutcome.Rejected);
        }

        var value = (string)found["value"]!;
        return key.Kind == HistoryKeyKind.Items
            ? HistoryValue.ReadItem(DhtValue.FromBytes(Convert.FromHexString(value)))
            : new CallEnd(OperationOutcome.Done, HistoryValue.Read(DhtValue.FromString(value))) { Version = ReadVersion(found) };
    }
}
