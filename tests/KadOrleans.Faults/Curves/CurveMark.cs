namespace KadOrleans.Faults.Curves;

/// <summary>Something that happened in a second of a curve.</summary>
/// <param name="Second">When.</param>
/// <param name="Text">What, in a few words.</param>
/// <param name="IsLoss">Whether something went away rather than came back.</param>
internal readonly record struct CurveMark(double Second, string Text, bool IsLoss);
