using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Limits;

/// <summary>The values of all limits at one time. Nobody changes the parts once they are in one.</summary>
/// <param name="Quota">Of values that are held for others.</param>
/// <param name="Requests">The rates of requests that are answered.</param>
/// <param name="Upload">The rates of bytes that are sent.</param>
/// <param name="CrawlRate">Datagrams per second of a crawl whose caller names no rate.</param>
internal sealed record LimitValues(StoreQuota Quota, SourceLimits Requests, UploadLimits Upload, int CrawlRate);
