using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Limits;

/// <summary>The values of all limits at one time. Nobody changes the parts once they are in one.</summary>
internal sealed record LimitValues(StoreQuota Quota, SourceLimits Requests, UploadLimits Upload, int CrawlRate);
