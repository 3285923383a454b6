namespace KadOrleans.Core.Admission;

/// <summary>How often something may happen.</summary>
/// <param name="PerSecond">In the long run, per second; above 0.</param>
/// <param name="Burst">At once, after a pause; 1 or more.</param>
public readonly record struct TokenRate(double PerSecond, double Burst);
