using System.Net.Http.Headers;
using System.Text;

namespace KadOrleans.Lab;

/// <summary>Calls one process over HTTP.</summary>
internal sealed class HttpHistoryClient : IHistoryClient
{
    // Longer than a cluster tries a shard.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly HttpClient _http;

    public HttpHistoryClient(string member, Uri address, string token)
    {
        Member = member;
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromSeconds(20) }) { BaseAddress = address, Timeout = Patience };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public string Way => $"HTTP of {Member}";

    public string Member { get; }

    public bool IsDatagrams => false;

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
            return new CallEnd(OperationOutcome.Rejected);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return new CallEnd(OperationOutcome.Unclear);
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
                return new HttpRequestMessage(HttpMethod.Delete, path);
            case OperationKind.PutItem:
                var expected = call.ExpectedSeq is { } seq
                    ? string.Create(CultureInfo.InvariantCulture, $"{(call.IsDurable ? "&" : "?")}expectedSeq={seq}")
                    : string.Empty;
                var item = new ByteArrayContent(HistoryValue.ItemOf(key, call).Envelope.ToArray());
                item.Headers.ContentType = new MediaTypeHeaderValue(ValueBody.Bytes);
                return new HttpRequestMessage(HttpMethod.Put, $"/v1/items{wait}{expected}") { Content = item };
            default:
                var put = new HttpRequestMessage(HttpMethod.Put, path + wait)
                {
                    Content = new StringContent(HistoryValue.Of(call.Value).AsString(), Encoding.UTF8, ValueBody.PlainText),
                };
                AddCondition(put.Headers, call);
                return put;
        }
    }

    private static void AddCondition(HttpRequestHeaders headers, HistoryCall call)
    {
        if (call is { Kind: OperationKind.SetIf, Expected: 0 })
        {
            headers.Add("If-None-Match", "*");
        }
        else if (call.Kind == OperationKind.SetIf)
        {
            headers.Add("If-Match", ValueBody.TagOf(HistoryValue.Of(call.Expected), ValueBody.PlainText).ToString());
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

        return new CallEnd(code switch
        {
            >= 200 and < 300 => OperationOutcome.Done,
            404 when kind == OperationKind.Unpublish => OperationOutcome.Refused,
            412 => OperationOutcome.Refused,
            409 when kind == OperationKind.PutItem => OperationOutcome.Refused,
            >= 500 and not 507 => OperationOutcome.Unclear,
            _ => OperationOutcome.Rejected,
        });
    }

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
            : new CallEnd(OperationOutcome.Done, HistoryValue.Read(DhtValue.FromString(value)));
    }
}
